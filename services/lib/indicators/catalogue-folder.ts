import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { RegistryFile } from "@v6meter/classify";

const BUILT_IN_DIR = join(
  dirname(createRequire(import.meta.url).resolve("@v6meter/schemas")),
  "indicators",
  "catalogue",
);

const isCatalogueFile = (name: string) => /\.(ya?ml|csv)$/i.test(name) && !name.startsWith(".");

/** The files that come with the program, by name. */
export function builtInFiles(): RegistryFile[] {
  return readFolder(BUILT_IN_DIR, true);
}

/** The files of a configured folder, by name; none for null. Throws the system's error where it cannot be read. */
export function folderFiles(dir: string | null): RegistryFile[] {
  return dir === null ? [] : readFolder(dir, false);
}

/** What tells cheaply whether a file of the folder came, went or changed. */
export function folderStamp(dir: string | null): string {
  if (dir === null) return "";
  try {
    return readdirSync(dir)
      .filter(isCatalogueFile)
      .map((name) => {
        const { ino, size, mtimeNs, ctimeNs } = statSync(join(dir, name), { bigint: true });
        return `${name} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
      })
      .join("\n");
  } catch (error) {
    return `unreadable: ${(error as Error).message}`;
  }
}

function readFolder(dir: string, builtIn: boolean): RegistryFile[] {
  return readdirSync(dir)
    .filter(isCatalogueFile)
    .sort()
    .map((name) => ({
      name,
      path: builtIn ? `built-in ${name}` : join(dir, name),
      text: readFileSync(join(dir, name), "utf8"),
      builtIn,
    }));
}
