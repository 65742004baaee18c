import { join } from "node:path";
import { ensureKey, ensureWritableFolder } from "@v6meter/runtime";
import type { Config } from "@v6meter/schemas";

/**
 * The keys of a platform, a file each in its folder of keys, made by whichever process needs one first:
 * `admin` opens the API and /metrics of every process, `subscriber` hashes subscribers' addresses,
 * `identity` hashes the identities of subscribers, `analyst` is the password of the SQL port's user, who reads, and `store` that of the user v6meter of a
 * store in a process of its own, who may do everything.
 */
export type KeyName = "admin" | "subscriber" | "identity" | "analyst" | "store";

/** A key; `created` says that it was made now, and is to be shown once. */
export interface Key {
  readonly key: string;
  readonly created: boolean;
  readonly file: string;
}

/** Opens a key of the platform. Throws CONFIG_INVALID where its file cannot be trusted. */
export async function openKey({ keys_dir, data_dir }: Config, name: KeyName): Promise<Key> {
  const folder = keys_dir ?? data_dir;
  await ensureWritableFolder(folder, keys_dir === null ? "data_dir" : "keys_dir");
  const file = join(folder, `${name}.key`);
  return { ...(await ensureKey(file)), file };
}

/** Says where a key is, and shows one that was made now. */
export function keyLine({ key, created, file }: Key): string {
  return created ? `key   ${key}  (shown once; kept in ${file})` : `key   in ${file}`;
}
