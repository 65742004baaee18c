import { randomBytes } from "node:crypto";
import { open, readFile, stat } from "node:fs/promises";
import { Fault } from "@v6meter/schemas";

const KEY_BYTES = 32;
const KEY_PATTERN = /^[A-Za-z0-9_-]{43}$/;

/**
 * The secret kept in a file: 256 random bits in base64url, made at the first call, readable by its owner
 * only. Throws CONFIG_INVALID when others may read the file or it holds no such key.
 */
export async function ensureKey(path: string): Promise<{ key: string; created: boolean }> {
  const key = randomBytes(KEY_BYTES).toString("base64url");
  try {
    const file = await open(path, "wx", 0o600);
    await file.writeFile(`${key}\n`);
    await file.sync();
    await file.close();
    return { key, created: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const mode = (await stat(path)).mode & 0o777;
  if (mode & 0o077) {
    const found = mode.toString(8).padStart(4, "0");
    throw new Fault("CONFIG_INVALID", `${path}: may be read by others (mode ${found}), allowed is 0600: chmod 600 it.`);
  }
  const kept = (await readFile(path, "utf8")).trim();
  if (!KEY_PATTERN.test(kept)) {
    throw new Fault("CONFIG_INVALID", `${path}: holds no key of 43 base64url characters; remove it to have one made.`);
  }
  return { key: kept, created: false };
}
