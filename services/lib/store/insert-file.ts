import { createHash, randomUUID } from "node:crypto";
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
    const path = this.#pathOf(token);
    if (await stat(path).catch(() => null)) return path;
    return this.claim(token, await this.receive([arrow]));
  }

  /** Writes bytes as they come in, under no token yet; a file that is never claimed is to be removed. */
  async receive(bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<string> {
    const path = join(this.#folder, `${randomUUID()}.part`);
    try {
      await writeFile(path, bytes);
    } catch (error) {
      await this.remove(path);
      throw error;
    }
    return path;
  }

  /** Gives received bytes to a token, or forgets them where the token has some already; only while no insert of it runs. */
  async claim(token: string, received: string): Promise<string> {
    const path = this.#pathOf(token);
    if (await stat(path).catch(() => null)) await this.remove(received);
    else await rename(received, path);
    return path;
  }

  #pathOf(token: string): string {
    return join(this.#folder, `${createHash("sha256").update(token).digest("hex")}.arrow`);
  }

  /** After the insert was acknowledged. */
  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
  }
}
