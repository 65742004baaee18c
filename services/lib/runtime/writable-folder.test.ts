import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ensureWritableFolder } from "./writable-folder.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-folder-"));
  writeFileSync(join(folder, "file"), "");
});
afterAll(() => rmSync(folder, { recursive: true }));

test("the folder is made with its parents, for its owner only, and may be there already", async () => {
  const path = join(folder, "a", "b");
  await ensureWritableFolder(path, "data_dir");
  await ensureWritableFolder(path, "data_dir");
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test.each([
  ["a file", "file", /^data_dir: .*file cannot be used \(ENOTDIR: .*\); allowed is a folder to write to\.$/],
  ["within a file", "file/data", /^data_dir: .*file\/data cannot be used \(ENOTDIR: /],
])("%s where the folder should be is one sentence", async (_, path, message) => {
  await expect(ensureWritableFolder(join(folder, path), "data_dir")).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(message),
  });
});

test.runIf(process.platform === "linux")("a folder the system cannot make is refused, not waited for", async () => {
  await expect(ensureWritableFolder("/proc/v6meter/data", "data_dir")).rejects.toMatchObject({
    code: "CONFIG_INVALID",
  });
});
