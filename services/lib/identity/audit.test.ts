import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditEntry } from "@v6meter/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AuditLog } from "./audit-log.ts";
import { canonical, chained } from "./audit-record.ts";
import { verifyAudit } from "./verify-audit.ts";

const entry = (text: string): AuditEntry => ({
  actor: { kind: "key", name: "li", role: "analyst", operator: null },
  from: "192.0.2.1",
  action: "sql.run",
  outcome: "started",
  detail: { statement: text },
});

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "v6meter-audit-"));
});
afterAll(() => rmSync(root, { recursive: true }));

let made = 0;
function newFolder(): string {
  made += 1;
  return join(root, `log-${made}`);
}

async function written(records: number, fileMaxBytes = 1_000_000): Promise<string> {
  const folder = newFolder();
  const log = new AuditLog({ folder, fileMaxBytes });
  for (let i = 1; i <= records; i++) await log.append(entry(`SELECT ${i}`));
  return folder;
}

const fileOf = (folder: string, number = 1) => join(folder, `audit-00000${number}.jsonl`);
const linesOf = (path: string) => readFileSync(path, "utf8").split("\n").slice(0, -1);
const rewrite = (path: string, lines: readonly string[]) =>
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));

test("what is appended is read back whole, in its order, and only its owner may read it", async () => {
  const folder = await written(5);
  expect(await verifyAudit(folder)).toMatchObject({ records: 5, problem: null, last: { seq: 5 } });
  const records = linesOf(fileOf(folder)).map((line) => JSON.parse(line));
  expect(records.map(({ seq, detail }) => [seq, detail.statement])).toEqual(
    [1, 2, 3, 4, 5].map((i) => [i, `SELECT ${i}`]),
  );
  expect(statSync(fileOf(folder)).mode & 0o777).toBe(0o600);
});

test("a folder without a log is a log of nothing", async () => {
  expect(await verifyAudit(newFolder())).toEqual({ records: 0, last: null, problem: null });
});

test("several writers at once share one chain", async () => {
  const folder = newFolder();
  const logs = Array.from({ length: 3 }, () => new AuditLog({ folder, fileMaxBytes: 3_000 }));
  await Promise.all(logs.flatMap((log, i) => Array.from({ length: 20 }, (_, j) => log.append(entry(`${i} ${j}`)))));
  expect(await verifyAudit(folder)).toMatchObject({ records: 60, problem: null });
});

test("a full file is followed by the next, and the chain goes on over both", async () => {
  const folder = await written(12, 1_500);
  expect(readdirSync(folder).filter((name) => name.endsWith(".jsonl")).length).toBeGreaterThan(1);
  expect(await verifyAudit(folder)).toMatchObject({ records: 12, problem: null });
});

describe("tampering is told", () => {
  let intact: string;
  beforeAll(async () => {
    intact = await written(9, 1_500);
  });

  function tampered(change: (folder: string) => void) {
    const folder = newFolder();
    cpSync(intact, folder, { recursive: true });
    change(folder);
    return verifyAudit(folder);
  }
  const edited = (change: (lines: string[]) => string[], number = 1) =>
    tampered((folder) => rewrite(fileOf(folder, number), change(linesOf(fileOf(folder, number)))));

  test("the log they all begin with is whole", async () => {
    expect((await tampered(() => {})).problem).toBeNull();
    expect(linesOf(fileOf(intact)).length).toBeGreaterThan(2);
  });

  test("an edited line", async () => {
    const { problem } = await edited(([a = "", ...rest]) => [a.replace("SELECT 1", "SELECT 7"), ...rest]);
    expect(problem).toContain("audit-000001.jsonl: line 1 was changed: its content does not match its hash");
  });

  test("an edited line that was hashed anew", async () => {
    const { problem } = await edited(([a = "", ...rest]) => {
      const { seq, at, previous } = JSON.parse(a);
      return [canonical(chained(entry("SELECT 7"), { seq, at, previous })), ...rest];
    });
    expect(problem).toContain("line 2 does not follow from record 1, which was changed");
  });

  test("an edited line of the last place that was hashed anew", async () => {
    const files = readdirSync(intact).filter((name) => name.endsWith(".jsonl")).length;
    const { problem } = await edited((lines) => {
      const { seq, at, previous } = JSON.parse(lines.at(-1) as string);
      return [...lines.slice(0, -1), canonical(chained(entry("SELECT 7"), { seq, at, previous }))];
    }, files);
    expect(problem).toContain("it was cut");
  });

  test("a line written otherwise, or with a member more", async () => {
    const { problem } = await edited(([a = "", ...rest]) => [a.replace("{", "{ "), ...rest]);
    expect(problem).toContain("it is not written as records are");
    const more = await edited(([a = "", ...rest]) => [a.replace("{", '{"a":1,'), ...rest]);
    expect(more.problem).toContain("line 1 was changed");
  });

  test("a deleted line", async () => {
    expect((await edited(([a = "", , ...rest]) => [a, ...rest])).problem).toContain(
      "line 2 is record 3 where record 2 belongs",
    );
    expect((await edited(([, ...rest]) => rest)).problem).toContain("line 1 is record 2 where record 1 belongs");
  });

  test("lines in another order", async () => {
    const { problem } = await edited(([a = "", b = "", ...rest]) => [b, a, ...rest]);
    expect(problem).toContain("line 1 is record 2 where record 1 belongs");
  });

  test("a line twice", async () => {
    const { problem } = await edited(([a = "", ...rest]) => [a, a, ...rest]);
    expect(problem).toContain("line 2 is record 1 where record 2 belongs");
  });

  test("an end that was cut off: lines, a part of a line, a file", async () => {
    const files = readdirSync(intact).filter((name) => name.endsWith(".jsonl")).length;
    expect((await edited((lines) => lines.slice(0, -1), files)).problem).toMatch(
      /it was cut: record 9 had been written/,
    );
    const part = await tampered((folder) => {
      const path = fileOf(folder, files);
      writeFileSync(path, readFileSync(path).subarray(0, -3));
    });
    expect(part.problem).toContain("it is unfinished");
    expect((await tampered((folder) => rmSync(fileOf(folder, files)))).problem).toMatch(/it was cut/);
    expect((await tampered((folder) => rmSync(fileOf(folder, 1)))).problem).toContain("audit-000001.jsonl is missing");
  });

  test("the whole log taken away, its head left", async () => {
    const { problem } = await tampered((folder) => {
      for (const name of readdirSync(folder)) if (name.endsWith(".jsonl")) rmSync(join(folder, name));
    });
    expect(problem).toMatch(/ends with record 0; it was cut: record 9/);
  });

  test("a head taken away; and a log cut together with its head, by a record noted down elsewhere", async () => {
    const { last } = await verifyAudit(intact);
    expect((await tampered((folder) => rmSync(join(folder, "head.json")))).problem).toContain("head.json");
    const shorter = await written(3);
    expect((await verifyAudit(shorter)).problem).toBeNull();
    expect((await verifyAudit(shorter, last)).problem).toMatch(/it was cut: record 9 was noted/);
    expect((await verifyAudit(intact, last)).problem).toBeNull();
    expect((await verifyAudit(intact, { seq: 2, hash: "f".repeat(64) })).problem).toContain(
      "not the one that was noted",
    );
  });

  test("what is written after a cut does not close the gap", async () => {
    const folder = newFolder();
    cpSync(intact, folder, { recursive: true });
    const path = fileOf(folder, readdirSync(intact).filter((name) => name.endsWith(".jsonl")).length);
    rewrite(path, linesOf(path).slice(0, -1));
    await new AuditLog({ folder, fileMaxBytes: 1_000_000 }).append(entry("after"));
    expect((await verifyAudit(folder)).problem).toMatch(/is record 10 where record 9 belongs/);
  });
});

test("a line that a crash left unfinished is taken off, which is written down, and the chain holds", async () => {
  const folder = await written(2);
  writeFileSync(fileOf(folder), `${readFileSync(fileOf(folder), "utf8")}{"seq":3,"at`);
  await new AuditLog({ folder, fileMaxBytes: 1_000_000 }).append(entry("after"));
  expect(await verifyAudit(folder)).toMatchObject({ records: 4, problem: null });
  expect(JSON.parse(linesOf(fileOf(folder))[2] as string)).toMatchObject({
    action: "log.recovered",
    detail: { bytes: 12 },
  });
});

test("a record that a crash left without its head is kept", async () => {
  const folder = await written(2);
  const head = readFileSync(join(folder, "head.json"));
  await new AuditLog({ folder, fileMaxBytes: 1_000_000 }).append(entry("third"));
  writeFileSync(join(folder, "head.json"), head);
  expect(await verifyAudit(folder)).toMatchObject({ records: 3, problem: null });
  await new AuditLog({ folder, fileMaxBytes: 1_000_000 }).append(entry("fourth"));
  expect(await verifyAudit(folder)).toMatchObject({ records: 4, problem: null, last: { seq: 4 } });
});

test("a folder that cannot be written refuses the entry, and so what was to be done", async () => {
  const blocked = join(newFolder());
  writeFileSync(blocked, "a file");
  const log = new AuditLog({ folder: join(blocked, "audit"), fileMaxBytes: 1_000_000 });
  await expect(log.append(entry("x"))).rejects.toMatchObject({ code: "AUDIT_UNWRITABLE" });
});
