import { createHash } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A file left by a crash is of use only while its cut may be repeated. */
const KEEP_MS = 7 * 86_400_000;

/**
 * The Arrow bytes of inserts on their way into the engine, which reads them from files. A file lies there
 * from before its insert until it is acknowledged, so one that is found at a repetition holds what was
 * tried the first time, and that is what is inserted: a cut that was classified anew after a crash can
 * not put other rows into the rollups than into the table.
 */
export class InsertFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the folder and forgets files that nobody came back for. */
  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      const complete = name.endsWith(".arrow");
      if (!complete || Date.now() - (await stat(path)).mtimeMs > KEEP_MS) await rm(path);
    }
  }

  /** Where the bytes for this token lie: those written first. Whole or not there at all. */
  async put(token: string, arrow: Uint8Array): Promise<string> {
    const path = join(this.#folder, `${createHash("sha256").update(token).digest("hex")}.arrow`);
    const found = await stat(path).catch(() => null);
    if (found) return path;
    await writeFile(`${path}.part`, arrow);
    await rename(`${path}.part`, path);
    return path;
  }

  /** After the insert was acknowledged. */
  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
  }
}
