import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { adviseHugePages } from "./huge-pages.ts";
import { nativeFunctions } from "./native.ts";

const canAsk = nativeFunctions({}) !== null && existsSync("/sys/kernel/mm/transparent_hugepage");
const MEGABYTE = 1_048_576;

/** Bytes of this process's memory that the kernel was asked to back by huge pages: flag hg of proc(5)'s smaps. */
function advisedBytes(): number {
  const mappings = readFileSync("/proc/self/smaps", "utf8").split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const sizes = mappings
    .filter((it) => /^VmFlags:.* hg\b/m.test(it))
    .map((it) => Number(/^Size: +(\d+) kB/m.exec(it)?.[1]));
  return sizes.reduce((sum, kilobytes) => sum + kilobytes * 1_024, 0);
}

test("the kernel is asked for whole huge pages within the memory, whose content stays", () => {
  const memory = Buffer.alloc(16 * MEGABYTE, 7);
  const before = canAsk ? advisedBytes() : 0;
  expect(adviseHugePages(memory)).toBe(canAsk);
  // The memory begins anywhere, so that one of its eight huge pages may not be whole.
  if (canAsk) expect(advisedBytes() - before).toBeGreaterThanOrEqual(14 * MEGABYTE);
  expect(memory.equals(Buffer.alloc(16 * MEGABYTE, 7))).toBe(true);
});

test("memory smaller than a huge page is left as it is", () => {
  expect(adviseHugePages(new Uint8Array(MEGABYTE))).toBe(false);
});
