import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault } from "@v6meter/schemas";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensureKey } from "./key-file.ts";

const ensureAdminKey = (dataDir: string) => ensureKey(join(dataDir, "admin.key"));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "v6meter-key-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("the first start makes a key of 256 bits, for the owner only; the next finds it", async () => {
  const first = await ensureAdminKey(folder);
  expect(first.created).toBe(true);
  expect(Buffer.from(first.key, "base64url")).toHaveLength(32);
  expect((await stat(join(folder, "admin.key"))).mode & 0o777).toBe(0o600);
  expect((await readFile(join(folder, "admin.key"), "utf8")).trim()).toBe(first.key);
  expect(await ensureAdminKey(folder)).toEqual({ key: first.key, created: false });
  expect(await readdir(folder)).toEqual(["admin.key"]);
});

test("the data folder is made where it is missing, closed to others", async () => {
  const inner = join(folder, "a", "data");
  await ensureAdminKey(inner);
  expect((await stat(inner)).mode & 0o077).toBe(0);
});

test("of several that start at once all have the same key, and one has made it", async () => {
  const results = await Promise.all(Array.from({ length: 8 }, () => ensureAdminKey(folder)));
  expect(new Set(results.map(({ key }) => key)).size).toBe(1);
  expect(results.filter(({ created }) => created)).toHaveLength(1);
  expect(await readdir(folder)).toEqual(["admin.key"]);
});

test.each([0o644, 0o640, 0o604, 0o666])("a key file of mode %o is refused with what to do", async (mode) => {
  await ensureAdminKey(folder);
  const path = join(folder, "admin.key");
  await chmod(path, mode);
  const fault = await ensureAdminKey(folder).catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(Fault);
  expect((fault as Fault).code).toBe("CONFIG_INVALID");
  expect((fault as Fault).message).toContain(`${path}: mode 0${mode.toString(8)}`);
  expect((fault as Fault).message).toContain(`chmod 600 ${path}`);
  expect((fault as Fault).message).not.toContain((await readFile(path, "utf8")).trim());
});

test.each(["", "secret\n", "a".repeat(44)])("a file that holds %j is not a key", async (text) => {
  await writeFile(join(folder, "admin.key"), text, { mode: 0o600 });
  await expect(ensureAdminKey(folder)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});
