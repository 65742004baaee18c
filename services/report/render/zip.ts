import { strFromU8, strToU8, unzipSync, type Zippable, zipSync } from "fflate";

/** The earliest moment a ZIP can tell: an archive is what is in it, not when it was packed. */
const NO_TIME = new Date(1980, 0, 1);

/** The parts of an office document, by their names. */
export type Parts = Map<string, Uint8Array>;

export function unpacked(archive: Uint8Array): Parts {
  return new Map(Object.entries(unzipSync(archive)));
}

/** Packs the parts: the same parts give the same bytes. [Content_Types].xml stands first, as readers expect. */
export function packed(parts: Parts): Uint8Array {
  const names = [...parts.keys()].sort(
    (a, b) => Number(b === "[Content_Types].xml") - Number(a === "[Content_Types].xml") || (a < b ? -1 : 1),
  );
  const entries: Zippable = {};
  for (const name of names) entries[name] = [parts.get(name) as Uint8Array, { mtime: NO_TIME, level: 6 }];
  return zipSync(entries);
}

/** Changes the text of a part; the part must be there. */
export function edited(parts: Parts, name: string, edit: (text: string) => string): void {
  const part = parts.get(name);
  if (!part) throw new Error(`${name} is no part of the document`);
  parts.set(name, strToU8(edit(strFromU8(part))));
}

/** Puts a part in. */
export function added(parts: Parts, name: string, text: string): void {
  parts.set(name, strToU8(text));
}

/** The dates in a document's properties: of the state its figures are of, not of the clock. */
export function dated(parts: Parts, atIso: string): void {
  edited(parts, "docProps/core.xml", (text) =>
    text.replace(/(<dcterms:(created|modified)[^>]*>)[^<]*(<\/dcterms:\2>)/g, `$1${atIso}$3`),
  );
}
