import { createHmac } from "node:crypto";
import type { Fault } from "@v6meter/schemas";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PLATFORM_KEY, TestFolder } from "./accounting.test-data.ts";
import { type IdentityKeys, openIdentityKeys } from "./identity-keys.ts";

let folder: TestFolder;
beforeEach(() => {
  folder = new TestFolder();
  for (const [name, byte] of [
    ["a", 1],
    ["b", 2],
    ["c", 3],
  ] as const)
    folder.file(`${name}.key`, `${Buffer.alloc(32, byte).toString("base64url")}\n`);
});
afterEach(() => folder.remove());

const IDENTITY = "telecom\x001a2b3c4d5e";
const under = (byte: number) =>
  createHmac("sha256", Buffer.alloc(32, byte)).update(IDENTITY).digest().readBigUInt64LE();
const big = (words: Uint32Array | null) => (words === null ? null : new DataView(words.buffer).getBigUint64(0, true));

function keysOf(rows: readonly [month: string, file: string][]): IdentityKeys {
  const text = rows.map(([month, file]) => `  - { month: "${month}", secret_file: ${file} }`).join("\n");
  return openIdentityKeys(folder.file("keys.yaml", `keys:\n${text}\n`), PLATFORM_KEY);
}

function refusal(open: () => unknown): Fault {
  try {
    open();
  } catch (error) {
    return error as Fault;
  }
  throw new Error("was accepted");
}

test.each([
  { says: "long before the first month", at: "2025-01-01T00:00:00Z", now: 1, next: null, from: null },
  {
    says: "in the first month, far from the next key",
    at: "2026-09-10T00:00:00+08:00",
    now: 1,
    next: null,
    from: null,
  },
  {
    says: "40 days before the change",
    at: "2026-09-22T00:00:00+08:00",
    now: 1,
    next: 2,
    from: "2026-11-01T00:00:00+08:00",
  },
  {
    says: "the last moment of October in Asia/Shanghai",
    at: "2026-10-31T15:59:59.999Z",
    now: 1,
    next: 2,
    from: "2026-11-01T00:00:00+08:00",
  },
  {
    says: "the first moment of November there",
    at: "2026-10-31T16:00:00Z",
    now: 2,
    next: 3,
    from: "2026-12-01T00:00:00+08:00",
  },
  { says: "after the last change", at: "2027-08-01T00:00:00Z", now: 3, next: null, from: null },
])("$says an identity is hashed under the month's key", ({ at, now, next, from }) => {
  // Not in the order of their months.
  const keys = keysOf([
    ["2026-11", "b.key"],
    ["2026-12", "c.key"],
    ["2026-10", "a.key"],
  ]);
  const hash = keys.hash(IDENTITY, Date.parse(at));
  expect(big(hash.now)).toBe(under(now));
  expect(big(hash.next)).toBe(next === null ? null : under(next));
  expect(hash.rotatesAtMs).toBe(from === null ? 0 : Date.parse(from));
});

test("without a file the platform's key always holds", () => {
  const hash = openIdentityKeys(null, PLATFORM_KEY).hash(IDENTITY, 0);
  expect(hash).toEqual({ now: hash.now, next: null, rotatesAtMs: 0 });
  expect(big(hash.now)).toBe(under(7));
});

test("names of NAS and sessions keep their hash when the identities' keys change, and need the platform's", () => {
  const before = keysOf([["2026-10", "a.key"]]).nameHash("nas");
  expect(keysOf([["2026-11", "b.key"]]).nameHash("nas")).toEqual(before);
  expect(openIdentityKeys(null, Buffer.alloc(32, 8).toString("base64url")).nameHash("nas")).not.toEqual(before);
  expect(big(before)).not.toBe(createHmac("sha256", Buffer.alloc(32, 7)).update("nas").digest().readBigUInt64LE());
});

test("a key that others may read is refused, and so is one that is none; neither is shown", () => {
  folder.file("open.key", Buffer.alloc(32, 9).toString("base64url"), 0o644);
  const open = refusal(() => keysOf([["2026-10", "open.key"]]));
  expect(open.code).toBe("CONFIG_INVALID");
  expect(open.message).toMatch(/open\.key: mode 0644 lets others read the key; allowed is 0600/);
  folder.file("short.key", "c2VjcmV0LW9mLXRoZS1rZXk");
  const short = refusal(() => keysOf([["2026-10", "short.key"]]));
  expect(short.message).toMatch(/short\.key is not a key of 43 characters/);
  expect(short.message).not.toContain("c2VjcmV0");
});

test.each([
  {
    says: "a month twice",
    text: 'keys:\n  - { month: "2026-10", secret_file: a.key }\n  - { month: "2026-10", secret_file: b.key }\n',
    message: /keys\.yaml:3: month 2026-10 is given twice/,
  },
  {
    says: "a month that is none",
    text: 'keys:\n  - { month: "2026-13", secret_file: a.key }\n',
    message: /keys\.yaml:2: .*must be a month/,
  },
  { says: "no key", text: "keys: []\n", message: /keys\.yaml:1: / },
  {
    says: "a word that is unknown",
    text: 'keys:\n  - { month: "2026-10", secret_file: a.key, kay: b }\n',
    message: /kay is unknown; allowed are month, secret_file/,
  },
  {
    says: "a file that is not there",
    text: 'keys:\n  - { month: "2026-10", secret_file: z.key }\n',
    message: /z\.key cannot be read/,
  },
])("$says is told by its line", ({ text, message }) => {
  const fault = refusal(() => openIdentityKeys(folder.file("keys.yaml", text), PLATFORM_KEY));
  expect(fault.code).toBe("CONFIG_INVALID");
  expect(fault.message).toMatch(message);
});
