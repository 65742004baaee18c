import { createHmac, createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { Fault, identityKeysFile } from "@v6meter/schemas";
import { besideFile, checkPrivate, readSettingsFile, readText } from "./settings-file.ts";

const SETTING = "sessions.identity_keys_file";
/** 256 bits in base64url without padding (RFC 4648 section 5), as the keys of a platform are kept. */
const KEY = /^[A-Za-z0-9_-]{43}$/;
/** A session may be open over the change of the key that begins within so long. */
const NEXT_WITHIN_MS = 40 * 86_400_000;

interface MonthKey {
  readonly fromMs: number;
  readonly key: KeyObject;
}

/**
 * The keys that identities are hashed with. A key holds from the first moment of its month on, so a month's
 * hashes are of one key and can be compared; between months they cannot.
 */
export class IdentityKeys {
  readonly #keys: readonly MonthKey[];
  readonly #naming: KeyObject;

  /** `keys` in the order of their months; `platformKey` is the one sessions and NAS are named with. */
  constructor(keys: readonly MonthKey[], platformKey: Uint8Array) {
    this.#keys = keys;
    this.#naming = createSecretKey(
      Buffer.from(hkdfSync("sha256", platformKey, new Uint8Array(0), "v6meter names of NAS and sessions", 32)),
    );
  }

  /** Index of the key in force at a moment; the first one holds before its month as well. */
  #indexAt(atMs: number): number {
    let index = 0;
    while (index + 1 < this.#keys.length && (this.#keys[index + 1] as MonthKey).fromMs <= atMs) index++;
    return index;
  }

  /**
   * Hashes an identity: the first 8 bytes of its HMAC-SHA-256 under the key in force at the moment, as two
   * words, low one first. Where another key begins soon, the hash under it is given as well, and when.
   */
  hash(identity: string, atMs: number): { now: Uint32Array; next: Uint32Array | null; rotatesAtMs: number } {
    const index = this.#indexAt(atMs);
    const now = hmac64((this.#keys[index] as MonthKey).key, identity);
    const following = this.#keys[index + 1];
    if (following === undefined || following.fromMs > atMs + NEXT_WITHIN_MS) return { now, next: null, rotatesAtMs: 0 };
    return { now, next: hmac64(following.key, identity), rotatesAtMs: following.fromMs };
  }

  /** The keyed hash of a name that is no identity but leads to one: of a NAS or a session. It never changes its key. */
  nameHash(name: string): Uint32Array {
    return hmac64(this.#naming, name);
  }
}

function hmac64(key: KeyObject, text: string): Uint32Array {
  const digest = createHmac("sha256", key).update(text).digest();
  return Uint32Array.of(digest.readUInt32LE(0), digest.readUInt32LE(4));
}

/** The first moment of a month in Asia/Shanghai, which keeps UTC+8 all year. */
function monthStartMs(month: string): number {
  return Date.parse(`${month}-01T00:00:00+08:00`);
}

function keyBytes(path: string, text: string): Uint8Array {
  if (!KEY.test(text))
    throw new Fault("CONFIG_INVALID", `${SETTING}: ${path} is not a key of 43 characters of base64url.`);
  return Buffer.from(text, "base64url");
}

/**
 * Opens the keys of identities: those of the file by their months, or where there is none (null) the platform's
 * own key (`identity.key` of keys_dir, 43 characters of base64url), which then always holds. Throws CONFIG_INVALID
 * with the line of each mistake, and where others may read a key.
 */
export function openIdentityKeys(path: string | null, platformKey: string): IdentityKeys {
  const platform = keyBytes("identity.key", platformKey);
  if (path === null) return new IdentityKeys([{ fromMs: 0, key: createSecretKey(platform) }], platform);
  const file = readSettingsFile(SETTING, path, identityKeysFile);
  const rows = file.value.keys.map((row, i) => ({ ...row, fromMs: monthStartMs(row.month), i }));
  for (const { month, i } of rows)
    if (rows.some((other) => other.month === month && other.i < i))
      file.complain(["keys", i, "month"], `month ${month} is given twice`);
  file.check();
  const keys = rows
    .toSorted((a, b) => a.fromMs - b.fromMs)
    .map(({ fromMs, secret_file }) => {
      const keyFile = besideFile(path, secret_file);
      checkPrivate(SETTING, keyFile);
      return { fromMs, key: createSecretKey(keyBytes(keyFile, readText(SETTING, keyFile).trim())) };
    });
  return new IdentityKeys(keys, platform);
}
