import { fileURLToPath } from "node:url";
import { type Dictionary, dictionaryFile, type VendorMeaning } from "@v6meter/schemas";
import { readSettingsFile } from "./settings-file.ts";

const SETTING = "sessions.dictionary_file";
const BUILT_IN = fileURLToPath(new URL("./vendor-attributes.yaml", import.meta.url));

/** What the attributes of vendors mean, by vendor and type. */
export class VendorDictionary {
  readonly #meanings = new Map<number, VendorMeaning>();

  constructor(dictionaries: readonly Dictionary[]) {
    const vendors = new Map(dictionaries.flatMap(({ vendors }) => vendors).map((row) => [row.vendor, row]));
    for (const { vendor, attributes } of vendors.values())
      for (const { type, meaning } of attributes) this.#meanings.set(vendor * 256 + type, meaning);
  }

  meaning(vendor: number, type: number): VendorMeaning | undefined {
    return this.#meanings.get(vendor * 256 + type);
  }
}

/** Reads the built-in dictionary and the file on top of it (null: none). Throws CONFIG_INVALID with the line of each mistake. */
export function loadDictionary(path: string | null): VendorDictionary {
  const files = [BUILT_IN, path]
    .filter((file) => file !== null)
    .map((file) => {
      const read = readSettingsFile(SETTING, file, dictionaryFile);
      const seen = new Set<string>();
      for (const [i, { vendor, attributes }] of read.value.vendors.entries()) {
        for (const [j, key] of [`${vendor}`, ...attributes.map(({ type }) => `${vendor} ${type}`)].entries()) {
          if (seen.has(key))
            read.complain(["vendors", i, ...(j > 0 ? ["attributes", j - 1] : [])], `${key} is given twice`);
          seen.add(key);
        }
      }
      read.check();
      return read.value;
    });
  return new VendorDictionary(files);
}
