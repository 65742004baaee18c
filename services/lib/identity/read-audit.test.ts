import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditEntry, AuditRecord } from "@v6meter/schemas";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { AuditLog } from "./audit-log.ts";
import { type AuditQuestion, readAudit } from "./read-audit.ts";

const START_MS = Date.UTC(2026, 10, 24);
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-read-audit-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = (name: string, action: AuditEntry["action"], text: string): AuditEntry => ({
  actor: { kind: "key", name, role: "analyst", operator: null },
  from: "192.0.2.1",
  action,
  outcome: "started",
  detail: { statement: text },
});

/** One entry a minute, of two people in turn; every seventh is longer than a block. */
async function write(entries: number, fileMaxBytes = 1_000_000, to = folder): Promise<void> {
  let minute = 0;
  const log = new AuditLog({ folder: to, fileMaxBytes, now: () => START_MS + minute * 60_000 });
  for (; minute < entries; minute++) {
    const text = minute % 7 === 6 ? "长".repeat(50_000) : `SELECT ${minute + 1}`;
    await log.append(entry(minute % 2 === 0 ? "li" : "wang", minute % 3 === 0 ? "sql.run" : "sql.end", text));
  }
}

const ALL: AuditQuestion = { fromMs: null, toMs: null, actor: null, actions: [], limit: 100, before: null };
const ask = (question: Partial<AuditQuestion> = {}) => readAudit(folder, { ...ALL, ...question });
const numbers = (records: readonly AuditRecord[]) => records.map(({ seq }) => seq);
const down = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, i) => from - i);

/** All pages of a question, one after the other. */
async function pages(question: Partial<AuditQuestion>, of = folder): Promise<number[][]> {
  const found: number[][] = [];
  for (let before: AuditQuestion["before"] = null; ; ) {
    const { records, next } = await readAudit(of, { ...ALL, ...question, before });
    found.push(numbers(records));
    if (next === null) return found;
    before = next;
  }
}

describe("a log of several files, with lines longer than a block", () => {
  let written: string;
  beforeAll(async () => {
    written = mkdtempSync(join(tmpdir(), "v6meter-read-audit-"));
    await write(40, 200_000, written);
  });
  afterAll(() => rmSync(written, { recursive: true }));

  test("is read from its newest entry to its first", async () => {
    expect(readFileSync(join(written, "audit-000002.jsonl")).length).toBeGreaterThan(0);
    const { records, unreadable, next } = await readAudit(written, ALL);
    expect(numbers(records)).toEqual(down(40, 1));
    expect({ unreadable, next }).toEqual({ unreadable: 0, next: null });
    expect(records[5]?.detail.statement).toBe("长".repeat(50_000));
  });

  test.each([1, 3, 7, 39, 40, 41])("in pages of %i leaves nothing out and tells nothing twice", async (limit) => {
    const found = await pages({ limit }, written);
    expect(found.flat()).toEqual(down(40, 1));
    expect(found.every((page) => page.length <= limit)).toBe(true);
  });
});

test("what is written between two pages moves neither of them", async () => {
  await write(10);
  const first = await ask({ limit: 4 });
  await new AuditLog({ folder, fileMaxBytes: 1 }).append(entry("li", "key.create", "later"));
  expect(numbers((await ask({ limit: 4, before: first.next })).records)).toEqual([6, 5, 4, 3]);
  expect(numbers((await ask({ limit: 1 })).records)).toEqual([11]);
});

test("entries are chosen by time, by who and by what", async () => {
  await write(12, 2_000);
  expect(numbers((await ask({ fromMs: START_MS + 4 * 60_000, toMs: START_MS + 7 * 60_000 })).records)).toEqual([
    7, 6, 5,
  ]);
  expect(numbers((await ask({ actor: "wang", limit: 3 })).records)).toEqual([12, 10, 8]);
  expect(numbers((await ask({ actions: ["sql.run"] })).records)).toEqual([10, 7, 4, 1]);
  expect(await pages({ actions: ["sql.run"], actor: "li", limit: 1 })).toEqual([[7], [1]]);
  expect(numbers((await ask({ actor: "l" })).records)).toEqual([]);
});

test("a line that was changed is counted and passed over, one that is unfinished is not there yet", async () => {
  await write(5);
  const file = join(folder, "audit-000001.jsonl");
  writeFileSync(file, readFileSync(file, "utf8").replace("SELECT 3", "SELECT 9"));
  appendFileSync(file, '{"seq":6,"at');
  const { records, unreadable } = await ask();
  expect(numbers(records)).toEqual([5, 4, 2, 1]);
  expect(unreadable).toBe(1);
});

test("of a long log a part is read for one answer, and the next page goes on", async () => {
  const log = new AuditLog({ folder, fileMaxBytes: 100_000_000 });
  const text = "x".repeat(900_000);
  await Promise.all(Array.from({ length: 12 }, (_, i) => log.append(entry(i === 0 ? "li" : "wang", "sql.run", text))));
  const first = await ask({ actor: "li" });
  expect(first.records).toEqual([]);
  expect(first.next?.byte).toBeGreaterThan(0);
  expect(await pages({ actor: "li" })).toEqual([[], [1]]);
});

test("a folder without a log has no entries", async () => {
  expect(await readAudit(join(folder, "none"), ALL)).toEqual({ records: [], unreadable: 0, next: null });
});
