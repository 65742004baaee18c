import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fault } from "@v6meter/schemas";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { loadRegistry } from "./load-registry.ts";
import type { Registry } from "./registry.ts";
import { watchRegistry } from "./watch-registry.ts";

let dir: string;
let changes: Registry[];
let faults: Fault[];
let watch: { stop(): void } | undefined;

const write = (name: string, text: string) => writeFileSync(join(dir, name), text);
const start = (options: { since?: Registry; pollMs?: number } = {}) => {
  watch = watchRegistry(dir, {
    onChange: (registry) => changes.push(registry),
    onError: (fault) => faults.push(fault),
    debounceMs: 20,
    pollMs: 50,
    ...options,
  });
};
const regionsOf = (registry: Registry | undefined) => registry?.prefixes.at(-1)?.region;
const table = (region: string) => `prefix,region\n240e:30c::/32,${region}\n`;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "v6meter-watch-"));
  changes = [];
  faults = [];
});
afterEach(() => {
  watch?.stop();
  rmSync(dir, { recursive: true, force: true });
});

test("a changed file is read without a restart", async () => {
  write("prefixes.csv", table("210100"));
  start();
  write("prefixes.csv", table("210200"));
  await vi.waitFor(() => expect(regionsOf(changes.at(-1))).toBe("210200"), 5_000);
  write("prefixes-more.csv", "prefix,region\n2409:8a14::/32,210300\n");
  await vi.waitFor(() => expect(changes.at(-1)?.prefixes.filter(({ place }) => !place.builtIn)).toHaveLength(2), 5_000);
});

test("a file put in place by a rename is read, as editors and deployments do it", async () => {
  write("prefixes.csv", table("210100"));
  start();
  write("new.tmp", table("210400"));
  renameSync(join(dir, "new.tmp"), join(dir, "prefixes.csv"));
  await vi.waitFor(() => expect(regionsOf(changes.at(-1))).toBe("210400"), 5_000);
});

test("a broken file keeps the registry in force and is told once; mended, it is taken over", async () => {
  write("prefixes.csv", table("210100"));
  start();
  write("prefixes.csv", table("219999"));
  await vi.waitFor(() => expect(faults).toHaveLength(1), 5_000);
  expect(faults[0]?.code).toBe("REGISTRY_INVALID");
  expect(faults[0]?.message).toContain("prefixes.csv:2: ");
  expect(changes).toEqual([]);
  write("prefixes.csv", table("210500"));
  await vi.waitFor(() => expect(regionsOf(changes.at(-1))).toBe("210500"), 5_000);
  expect(faults).toHaveLength(1);
});

test("a file whose name the registry does not know is told", async () => {
  start();
  write("operator.yaml", "operators: []");
  await vi.waitFor(() => expect(faults[0]?.message).toContain("operator.yaml: is not a file of the registry"), 5_000);
});

test("a change between the first reading and the watch is not missed", async () => {
  write("prefixes.csv", table("210100"));
  const since = loadRegistry(dir);
  write("prefixes.csv", table("210600"));
  start({ since });
  await vi.waitFor(() => expect(regionsOf(changes.at(-1))).toBe("210600"), 5_000);
});

test("a folder that disappears is a fault, and is read when it is back", async () => {
  write("prefixes.csv", table("210100"));
  start();
  rmSync(dir, { recursive: true });
  await vi.waitFor(() => expect(faults).toHaveLength(1), 5_000);
  mkdirSync(dir);
  write("prefixes.csv", table("210800"));
  await vi.waitFor(() => expect(regionsOf(changes.at(-1))).toBe("210800"), 5_000);
});

test("files written anew with the same contents change nothing; a stopped watch tells nothing", async () => {
  write("prefixes.csv", table("210100"));
  start();
  write("prefixes.csv", table("210100"));
  write("prefixes-marker.csv", "prefix\n240e:30d::/32\n");
  await vi.waitFor(() => expect(changes).toHaveLength(1), 5_000);
  watch?.stop();
  write("prefixes.csv", table("210700"));
  // Longer than the quiet time and the poll together: what would come has come.
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(changes).toHaveLength(1);
});

test("without a folder there is nothing to watch", () => {
  const nothing = watchRegistry(null, { onChange: () => {}, onError: () => {} });
  nothing.stop();
});
