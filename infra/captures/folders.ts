import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

const SHARED = resolve(import.meta.dirname, "../../../shared/captures");

/** The repository's own captures, and those kept beside it, which are not ours to publish. */
export const CAPTURE_FOLDERS = {
  own: import.meta.dirname,
  shared: SHARED,
  restricted: resolve(SHARED, "restricted"),
} as const;

/** Paths of the captures of the folders that exist, in order of file names within each. */
export function capturesIn(...folders: readonly string[]): string[] {
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith(".pcap"))
        .sort()
        .map((name) => join(folder, name)),
    );
}
