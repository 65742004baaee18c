import { createHash, randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Fault, keyName, keysFile, keysUsedFile, type Role, type StoredKey } from "@v6meter/schemas";
import { z } from "zod";
import { replaceFile } from "./durable-file.ts";
import { withFileLock } from "./file-lock.ts";
import { FIRST_ADMINISTRATOR, type Identity } from "./identity.ts";

/** Marks a key as one of v6meter's, so that scanners for leaked secrets find it. */
const KEY_MARK = "v6m_";
const KEYS_FILE = "keys.json";
const USED_FILE = "keys-used.json";
const LOCK_WAIT_MS = 5_000;
const DAY_MS = 86_400_000;

/** Last uses are written at most so often. */
const USED_EVERY_MS = 60_000;

/**
 * How a key is kept. A plain SHA-256 is enough: a key is 256 random bits, so there is nothing to guess that
 * a slow hash would make slower, and a lookup by the hash tells an attacker's clock nothing about a key.
 */
export function keyHash(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** What a new key is to be. */
export interface NewKey {
  readonly name: string;
  readonly role: Role;
  readonly operator: string | null;
  readonly raw: boolean;
  /** Null: until it is revoked. */
  readonly days: number | null;
}

/** A key as it is listed. */
export type ListedKey = Omit<StoredKey, "sha256"> & { readonly last_used_at: string | null; readonly expired: boolean };

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === "ENOENT";
}

/** Reads the keys of a folder; none where there is no file. Throws KEYS_INVALID. */
function readKeys(path: string): readonly StoredKey[] {
  let text: string;
  try {
    const { mode } = statSync(path);
    if ((mode & 0o077) !== 0) {
      const found = (mode & 0o777).toString(8).padStart(4, "0");
      throw new Fault(
        "KEYS_INVALID",
        `${path}: mode ${found} lets others at it; allowed is 0600. Run: chmod 600 ${path}`,
      );
    }
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if (isMissing(cause)) return [];
    if (cause instanceof Fault) throw cause;
    throw new Fault("KEYS_INVALID", `${path} cannot be read (${(cause as Error).message}).`, { cause });
  }
  try {
    return keysFile.parse(JSON.parse(text)).keys;
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw new Fault("KEYS_INVALID", `${path}: ${reason.replaceAll(/\s+/g, " ")}`, { cause });
  }
}

function readUsed(path: string): Record<string, string> {
  try {
    return keysUsedFile.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    // A convenience: one that is missing or broken begins anew.
    return {};
  }
}

function isExpired({ expires_at }: Pick<StoredKey, "expires_at">, nowMs: number): boolean {
  return expires_at !== null && Date.parse(expires_at) <= nowMs;
}

export interface KeyRingOptions {
  readonly now?: () => number;
  /** Told each time the file is found broken. */
  readonly onProblem?: (fault: Fault) => void;
}

/** The named keys of a folder, changed by commands and read again by the processes that use them. */
export class KeyRing {
  readonly file: string;
  readonly #usedFile: string;
  readonly #lockFile: string;
  readonly #now: () => number;
  readonly #onProblem: (fault: Fault) => void;
  #stamp: string | null = null;
  #bySha256: ReadonlyMap<string, StoredKey> = new Map();
  #problem: Fault | null = null;
  readonly #used = new Map<string, number>();
  #usedWrittenAtMs = 0;

  constructor(folder: string, { now = Date.now, onProblem = () => {} }: KeyRingOptions = {}) {
    this.file = join(folder, KEYS_FILE);
    this.#usedFile = join(folder, USED_FILE);
    this.#lockFile = join(folder, "keys.lock");
    this.#now = now;
    this.#onProblem = onProblem;
  }

  /** Whose key this is; null where it is nobody's, revoked or expired. A change of the file is in force at once. */
  identify(key: string): Identity | null {
    this.#refresh();
    const sha256 = keyHash(key);
    const stored = this.#bySha256.get(sha256);
    if (!stored || isExpired(stored, this.#now())) return null;
    this.#used.set(sha256, this.#now());
    if (this.#now() - this.#usedWrittenAtMs >= USED_EVERY_MS) this.writeUsed();
    const { name, role, operator, raw } = stored;
    return { kind: "key", name, role, operator, raw };
  }

  /** Why no named key opens anything: the file is broken. Null while all is well. */
  get problem(): Fault | null {
    this.#refresh();
    return this.#problem;
  }

  /** How many keys open something now. */
  get usable(): number {
    this.#refresh();
    return [...this.#bySha256.values()].filter((key) => !isExpired(key, this.#now())).length;
  }

  /** A broken file closes everything but the administrator's first key: which key somebody meant to take out is not known. */
  #refresh(): void {
    const stamp = stampOf(this.file);
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    try {
      this.#bySha256 = new Map(readKeys(this.file).map((key) => [key.sha256, key]));
      this.#problem = null;
    } catch (error) {
      this.#bySha256 = new Map();
      this.#problem = error as Fault;
      this.#onProblem(this.#problem);
    }
  }

  /** Writes down when keys were last used; what another process wrote later stays. */
  writeUsed(): void {
    this.#usedWrittenAtMs = this.#now();
    if (this.#used.size === 0) return;
    const known = readUsed(this.#usedFile);
    const kept = Object.entries(known).filter(([sha256]) => this.#bySha256.has(sha256));
    for (const [sha256, atMs] of this.#used) {
      const before = known[sha256];
      if (before === undefined || Date.parse(before) < atMs) kept.push([sha256, new Date(atMs).toISOString()]);
    }
    this.#used.clear();
    try {
      replaceFile(this.#usedFile, `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`);
    } catch {
      // A folder that can only be read is right for a process that only checks keys.
    }
  }

  /** Makes a key and returns it, which nothing can do again. Throws CONFIG_INVALID where it cannot be. */
  async create({ name, role, operator, raw, days }: NewKey): Promise<{ key: string; stored: StoredKey }> {
    const named = keyName.safeParse(name);
    if (!named.success)
      throw new Fault("CONFIG_INVALID", `The name ${JSON.stringify(name)} ${named.error.issues[0]?.message}.`);
    if (name === FIRST_ADMINISTRATOR) {
      throw new Fault("CONFIG_INVALID", `The name ${name} is that of admin.key: choose another name.`);
    }
    const key = KEY_MARK + randomBytes(32).toString("base64url");
    return this.#change((keys) => {
      if (keys.some((it) => it.name === name)) {
        throw new Fault("CONFIG_INVALID", `There is a key ${name} already: revoke it, or choose another name.`);
      }
      const nowMs = this.#now();
      const stored: StoredKey = {
        name,
        role,
        operator,
        raw,
        sha256: keyHash(key),
        created_at: new Date(nowMs).toISOString(),
        expires_at: days === null ? null : new Date(nowMs + days * DAY_MS).toISOString(),
      };
      return { keys: [...keys, stored], result: { key, stored } };
    });
  }

  /** Takes a key out: it opens nothing from now on. Throws CONFIG_INVALID where there is none of the name. */
  revoke(name: string): Promise<StoredKey> {
    return this.#change((keys) => {
      const found = keys.find((it) => it.name === name);
      if (!found)
        throw new Fault("CONFIG_INVALID", `There is no key ${JSON.stringify(name)}; v6meter key list shows them.`);
      return { keys: keys.filter((it) => it !== found), result: found };
    });
  }

  /** The keys by name, without their hashes. Throws KEYS_INVALID. */
  list(): ListedKey[] {
    const used = readUsed(this.#usedFile);
    return readKeys(this.file)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ sha256, ...key }) => ({
        ...key,
        last_used_at: used[sha256] ?? null,
        expired: isExpired(key, this.#now()),
      }));
  }

  #change<T>(edit: (keys: readonly StoredKey[]) => { keys: readonly StoredKey[]; result: T }): Promise<T> {
    return withFileLock(this.#lockFile, LOCK_WAIT_MS, () => {
      const { keys, result } = edit(readKeys(this.file));
      const checked = keysFile.parse({ version: 1, keys });
      replaceFile(this.file, `${JSON.stringify(checked, null, 2)}\n`);
      return result;
    });
  }
}

/** What changes whenever the file does: it is replaced, never written over. */
function stampOf(path: string): string {
  try {
    const { mtimeNs, ino, size, mode } = statSync(path, { bigint: true });
    return [mtimeNs, ino, size, mode].join(" ");
  } catch (error) {
    return isMissing(error) ? "none" : String(error);
  }
}
