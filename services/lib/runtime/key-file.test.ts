import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensureKey } from "./key-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-key-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a key is made once, with 256 bits, for its owner only", async () => {
  const path = join(folder, "admin.key");
  const made = await ensureKey(path);
  expect(made.created).toBe(true);
  expect(Buffer.from(made.key, "base64url")).toHaveLength(32);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await ensureKey(path)).toEqual({ key: made.key, created: false });
});

test("a key that others may read is refused with the remedy", async () => {
  const path = join(folder, "admin.key");
  await ensureKey(path);
  chmodSync(path, 0o644);
  await expect(ensureKey(path)).rejects.toThrow(/admin\.key: may be read by others \(mode 0644\), allowed is 0600/);
});

test("a file that holds no key is refused, not overwritten", async () => {
  const path = join(folder, "admin.key");
  writeFileSync(path, "secret\n", { mode: 0o600 });
  await expect(ensureKey(path)).rejects.toThrow(/holds no key/);
});
