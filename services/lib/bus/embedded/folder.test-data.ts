import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder for the test that asks, deleted after it. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "v6meter-bus-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
