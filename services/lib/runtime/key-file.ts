import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Fault } from "@v6meter/schemas";

/** 256 bits in base64url without padding (RFC 4648 §5). */
const KEY = /^[A-Za-z0-9_-]{43}$/;

/**
 * The secret kept in a file: made at the first call, readable by its owner only (mode 0600). `created` says
 * that this call made it. Throws CONFIG_INVALID where others may read the file or it is not a key.
 */
export async function ensureKey(path: string): Promise<{ key: string; created: boolean }> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const created = await createKey(path);
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    const found = (mode & 0o777).toString(8).padStart(4, "0");
    throw new Fault(
      "CONFIG_INVALID",
      `${path}: mode ${found} lets others read the key; allowed is 0600. Run: chmod 600 ${path} - and, if others have read it, delete the file to have a new key made.`,
    );
  }
  const key = (await readFile(path, "utf8")).trim();
  if (!KEY.test(key)) {
    throw new Fault(
      "CONFIG_INVALID",
      `${path}: not a key of 43 characters of base64url; delete the file to have a new one made.`,
    );
  }
  return { key, created };
}

/**
 * Makes the key unless there is one: written and synced beside it, then linked into place, so that no
 * crash leaves half a key and of two processes one wins.
 */
async function createKey(path: string): Promise<boolean> {
  const exists = await stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
  if (exists) return false;
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(`${randomBytes(32).toString("base64url")}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
