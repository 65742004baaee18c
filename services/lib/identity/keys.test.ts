import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identitiesOf } from "./identities.ts";
import { KeyRing, type NewKey } from "./keys.ts";

let folder: string;
let told: string[] = [];
let nowMs = Date.UTC(2026, 10, 24);
const ring = () => new KeyRing(folder, { now: () => nowMs, onProblem: (fault) => told.push(fault.message) });
const analyst: NewKey = { name: "li", role: "analyst", operator: null, raw: false, days: 30 };

beforeEach(() => {
  told = [];
  folder = mkdtempSync(join(tmpdir(), "v6meter-keys-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a key opens what it was made for, and only its hash is on the disk", async () => {
  const keys = ring();
  const { key } = await keys.create(analyst);
  expect(key).toMatch(/^v6m_[\w-]{43}$/);
  expect(keys.identify(key)).toEqual({ kind: "key", name: "li", role: "analyst", operator: null, raw: false });
  const text = readFileSync(keys.file, "utf8");
  expect(text).not.toContain(key.slice(4, 20));
  expect(text).toMatch(/"sha256": "[0-9a-f]{64}"/);
  expect(statSync(keys.file).mode & 0o777).toBe(0o600);
  for (const wrong of ["", `${key}x`, key.slice(0, -1), key.slice(4), text.match(/[0-9a-f]{64}/)?.[0] ?? ""]) {
    expect(keys.identify(wrong), wrong).toBeNull();
  }
});

test("another process's change is in force at once: a new key opens, a revoked one does not", async () => {
  const server = ring();
  expect(server.usable).toBe(0);
  const { key } = await ring().create(analyst);
  const other = await ring().create({ ...analyst, name: "wang" });
  expect(server.identify(key)?.name).toBe("li");
  await ring().revoke("li");
  expect(server.identify(key)).toBeNull();
  expect(server.identify(other.key)?.name).toBe("wang");
  expect(server.usable).toBe(1);
});

test("an expired key opens nothing, and is listed as that", async () => {
  const keys = ring();
  const { key } = await keys.create({ ...analyst, days: 1 });
  const forever = await keys.create({ ...analyst, name: "forever", days: null });
  nowMs += 86_400_000 - 1;
  expect(keys.identify(key)?.name).toBe("li");
  nowMs += 1;
  expect(keys.identify(key)).toBeNull();
  expect(keys.identify(forever.key)?.name).toBe("forever");
  expect(keys.usable).toBe(1);
  expect(keys.list().map(({ name, expired }) => [name, expired])).toEqual([
    ["forever", false],
    ["li", true],
  ]);
});

test("the list tells when a key was last used, whichever process saw it", async () => {
  const { key } = await ring().create(analyst);
  expect(ring().list()[0]?.last_used_at).toBeNull();
  const usedAtMs = nowMs;
  ring().identify(key);
  nowMs += 5_000;
  expect(ring().list()[0]?.last_used_at).toBe(new Date(usedAtMs).toISOString());
  const text = JSON.stringify(ring().list());
  expect(text).not.toMatch(/sha256|[0-9a-f]{64}/);
});

test("of keys made at once none is lost", async () => {
  await Promise.all(Array.from({ length: 8 }, (_, i) => ring().create({ ...analyst, name: `k${i}` })));
  expect(
    ring()
      .list()
      .map(({ name }) => name),
  ).toEqual(["k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7"]);
});

test("a name is given once, and what fits no role is refused", async () => {
  const keys = ring();
  await keys.create(analyst);
  await expect(keys.create(analyst)).rejects.toMatchObject({ code: "CONFIG_INVALID", message: /a key li already/ });
  await expect(keys.revoke("nobody")).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  for (const wrong of [
    { name: "Ä" },
    { name: "../x" },
    { name: "a", role: "operator" },
    { name: "a", role: "analyst", operator: "mobile" },
    { name: "a", role: "analyst", raw: true },
    { name: "a", role: "operator", operator: "mobile", raw: true },
  ] as const) {
    await expect((async () => keys.create({ ...analyst, ...wrong }))(), JSON.stringify(wrong)).rejects.toThrow();
  }
  expect(keys.list()).toHaveLength(1);
});

test.each([
  ["no JSON", (file: string) => writeFileSync(file, "{")],
  ["an unknown member", (file: string) => writeFileSync(file, '{"version":1,"keys":[],"more":1}')],
  ["a mode that lets others read", (file: string) => chmodSync(file, 0o644)],
])("a file with %s closes every named key, never the administrator's first", async (_, spoil) => {
  const keys = ring();
  const { key } = await keys.create(analyst);
  expect(keys.identify(key)).not.toBeNull();
  spoil(keys.file);
  expect(keys.identify(key)).toBeNull();
  expect(keys.problem).toMatchObject({ code: "KEYS_INVALID" });
  expect(told).toEqual([expect.stringContaining(keys.file)]);
  await expect((async () => keys.create({ ...analyst, name: "b" }))()).rejects.toMatchObject({ code: "KEYS_INVALID" });
  const identities = identitiesOf({ adminKey: "first", keys });
  expect(await identities.identify("first")).toMatchObject({ name: "admin", role: "administrator", raw: true });
  expect(await identities.identify(key)).toBeNull();
});
