import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault, queryConfig } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import {
  activeUsersQuery,
  keyRotationsQuery,
  preferenceQuery,
  retentionQuery,
  unseenUsersQuery,
  userMetersQuery,
} from "@v6meter/users";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  audited,
  insertFlows,
  insertLedger,
  KEY,
  openTestStore,
  testService,
  unreachableStore,
} from "./province.test-data.ts";
import { exporterSamplingQuery } from "./queries/exporter-sampling.ts";
import { exportersQuery } from "./queries/exporters.ts";
import { ledgerQuery, ledgerTotalsQuery } from "./queries/ledger.ts";
import { trafficShareQuery } from "./queries/traffic-share.ts";

let store: Store;
let close: () => Promise<void>;
let service: ReturnType<typeof testService>;
const logged: string[] = [];
const now = new Date().toISOString();

beforeAll(async () => {
  ({ store, close } = await openTestStore());
  service = testService(store, {
    logger: pino({ level: "info" }, { write: (line: string) => logged.push(line) }),
    config: queryConfig.parse({ http: "127.0.0.1:0", sql_max_rows: 1_000 }),
  });
  await insertFlows(store, [
    { at: now, bytes: 70 },
    { at: now, bytes: 30, family: 4, sampling_rate: 0 },
  ]);
  await insertLedger(store, [
    { at: now, exporter: "192.0.2.1", stage: "receive", outcome: "expected", count: 100 },
    { at: now, exporter: "192.0.2.1", stage: "receive", outcome: "lost", count: 1 },
  ]);
});

afterAll(async () => {
  await service.stop();
  await close();
});

async function sql(query: string) {
  const answer = await service.app.inject({
    method: "POST",
    url: "/api/v1/sql",
    headers: { authorization: `Bearer ${KEY}` },
    payload: { query },
  });
  return { status: answer.statusCode, body: answer.json() };
}

describe("POST /api/v1/sql", () => {
  test("answers columns with their types and rows, integers of 64 bits as strings", async () => {
    expect(
      await sql(
        "SELECT family, sum(bytes) AS bytes, 18446744073709551615 AS most FROM flows GROUP BY family ORDER BY family",
      ),
    ).toMatchObject({
      status: 200,
      body: {
        columns: [
          { name: "family", type: "UInt8" },
          { name: "bytes", type: "UInt64" },
          { name: "most", type: "UInt64" },
        ],
        rows: [
          [4, "30", "18446744073709551615"],
          [6, "70", "18446744073709551615"],
        ],
        rows_read: 2,
      },
    });
  });

  test.each([
    "received_at >= toDateTime(bound, 'UTC')",
    "received_at <= toDateTime(bound + 1, 'UTC')",
    "received_at > toDateTime64(bound, 3, 'UTC')",
    "received_at < toDateTime64(bound + 1, 3, 'UTC')",
  ])("no row of the second at the bound is left out by %s", async (condition) => {
    const bound = String(Math.floor(Date.parse(now) / 1_000));
    const where = condition.replace("bound", bound);
    const { body } = await sql(
      `SELECT count() FROM flows WHERE ${where} UNION ALL SELECT countIf(${where}) FROM flows`,
    );
    expect(body.rows[0]).toEqual(body.rows[1]);
  });

  test("an answer without rows has its columns", async () => {
    const { status, body } = await sql("SELECT region FROM flows WHERE region = 'x';");
    expect(status).toBe(200);
    expect(body).toMatchObject({ columns: [{ name: "region", type: "LowCardinality(String)" }], rows: [] });
  });

  test.each([
    ["reading a file", "SELECT * FROM file('/etc/passwd', 'LineAsString')"],
    ["reading a file by function", "SELECT file('/etc/passwd')"],
    ["reading another host", "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')"],
    ["writing", "INSERT INTO flows (bytes) VALUES (1)"],
    ["changing the tables", "DROP TABLE flows"],
    ["lifting readonly", "SELECT 1 SETTINGS readonly = 0"],
    ["lifting a limit", "SELECT 1 SETTINGS max_execution_time = 0"],
    ["setting", "SET readonly = 0"],
    ["two statements", "SELECT 1; DROP TABLE flows"],
    ["writing a file", "SELECT 1 INTO OUTFILE '/tmp/v6meter-should-not-be'"],
    ["too many rows", "SELECT number FROM numbers(1001)"],
    ["what does not parse", "SELEC 1"],
    ["a table that is not there", "SELECT * FROM nowhere"],
  ])("refuses %s", async (_, statement) => {
    const { status, body } = await sql(statement);
    expect(status, JSON.stringify(body)).toBe(400);
    expect(body).toMatchObject({ type: "urn:v6meter:fault:QUERY_REFUSED", code: "QUERY_REFUSED" });
    expect(body.detail.length).toBeGreaterThan(10);
    expect((await sql("SELECT count() FROM flows")).body.rows).toEqual([["2"]]);
  });

  test("every statement is logged by its hash, never by its text, which can hold addresses", async () => {
    logged.length = 0;
    const good = "SELECT count() FROM flows WHERE src_addr = toIPv6('2001:db8::5ec7')";
    const bad = "SELECT toIPv6('2001:db8::5ec7') FROM nowhere";
    await sql(good);
    await sql(bad);
    const lines = logged.map((line) => JSON.parse(line)).filter(({ sha256 }) => sha256);
    const hash = (text: string) => createHash("sha256").update(text).digest("hex");
    expect(lines).toMatchObject([
      { who: "admin", sha256: hash(good), rows: 1, msg: "sql statement" },
      { who: "admin", sha256: hash(bad), code: "QUERY_REFUSED", msg: "sql statement failed" },
    ]);
    expect(lines.every(({ durationMs }) => durationMs >= 0)).toBe(true);
    expect(logged.join()).not.toContain("5ec7");
  });
});

describe("the audit log", () => {
  test("has every statement with its text before it runs, and how it ended", async () => {
    audited.length = 0;
    await sql("SELECT count() FROM flows");
    await sql("SELECT * FROM nowhere");
    const actor = { kind: "key", name: "admin", role: "administrator", operator: null };
    expect(audited).toMatchObject([
      { actor, from: "127.0.0.1", action: "sql.run", detail: { statement: "SELECT count() FROM flows", raw: true } },
      {
        actor,
        action: "sql.end",
        outcome: "done",
        detail: { rows: 1, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
      { actor, action: "sql.run", detail: { statement: "SELECT * FROM nowhere" } },
      { actor, action: "sql.end", outcome: "QUERY_REFUSED", detail: { rows: null } },
    ]);
    expect(JSON.stringify(audited)).not.toContain(KEY.slice(0, 20));
  });

  test("holds no rows of an answer", async () => {
    audited.length = 0;
    await sql("SELECT reverse('56789-1234-eulav') AS found");
    expect(JSON.stringify(audited)).not.toContain("value-4321-98765");
  });

  test("that cannot be written stops a statement, which is not run", async () => {
    const append = async () => {
      throw new Fault("AUDIT_UNWRITABLE", "no space");
    };
    const other = testService(unreachableStore, { audit: { append } });
    const answer = await other.app.inject({
      method: "POST",
      url: "/api/v1/sql",
      headers: { authorization: `Bearer ${KEY}` },
      payload: { query: "SELECT 1" },
    });
    expect(answer.statusCode).toBe(503);
    expect(answer.json().code).toBe("AUDIT_UNWRITABLE");
    expect(answer.headers["retry-after"]).toBeDefined();
    await other.stop();
  });
});

test("a statement whose client goes away ends, and the next one gets its turn", async () => {
  const other = testService(store);
  const { host, port } = await other.start();
  audited.length = 0;
  const request = httpRequest({
    host,
    port,
    method: "POST",
    path: "/api/v1/sql",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
  });
  request.on("error", () => undefined);
  request.end(JSON.stringify({ query: "SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 1" }));
  while (audited.length === 0) await sleep(20);
  request.destroy();
  while (audited.length === 1) await sleep(20);
  expect(audited[1]).toMatchObject({ action: "sql.end", outcome: "abandoned" });
  expect((await sql("SELECT count() FROM flows")).body.rows).toEqual([["2"]]);
  await other.stop();
});

describe("sql/queries", () => {
  const folder = join(import.meta.dirname, "../../sql/queries");
  const files = globSync("**/*.sql", { cwd: folder });
  const text = (file: string) => readFileSync(join(folder, file), "utf8");

  test("every file begins with a comment that says what it answers, and is one statement", () => {
    expect(files.length).toBeGreaterThan(8);
    for (const file of files) {
      expect(text(file), file).toMatch(/^-- .{10,}\n/);
      expect(text(file).replaceAll(/--.*$/gm, ""), file).not.toContain(";");
    }
  });

  test("every query of the API is a file", () => {
    const queries = [
      ...[ledgerQuery, ledgerTotalsQuery, exportersQuery, exporterSamplingQuery, trafficShareQuery],
      ...[activeUsersQuery, unseenUsersQuery, userMetersQuery, preferenceQuery, retentionQuery, keyRotationsQuery],
    ];
    expect(files).toEqual(expect.arrayContaining(queries.map(({ name }) => `${name}.sql`)));
  });
});
