import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identitiesOf, KeyRing } from "@v6meter/identity";
import type { api } from "@v6meter/schemas";
import { literalStatement, type Store } from "@v6meter/store";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { get, insertFlows, insertLedger, KEY, openTestStore, testService } from "./province.test-data.ts";

const LIMITS = { maxExecutionS: 20, maxRows: 10_000, maxMemoryBytes: 500_000_000 };
const MAY = "from=2026-05-01T00:00:00%2B08:00&to=2026-05-03T00:00:00%2B08:00";

let store: Store;
let keys: KeyRing;
let folder: string;
let close: () => Promise<void>;
let service: ReturnType<typeof testService>;

beforeAll(async () => {
  ({ store, close } = await openTestStore());
  folder = mkdtempSync(join(tmpdir(), "v6meter-statements-"));
  keys = new KeyRing(folder);
  service = testService(store, { identities: identitiesOf({ adminKey: KEY, keys }) });
  await insertFlows(store, [
    { at: "2026-05-01T08:00:00+08:00", bytes: 700, exporter: "192.0.2.7" },
    { at: "2026-05-01T09:00:00+08:00", bytes: 300, family: 4, operator: "unicom", exporter: "192.0.2.8" },
    { at: "2026-05-02T09:00:00+08:00", bytes: 5, technology: "6to4", region: "210200" },
    ...Array.from({ length: 30 }, (_, index) => ({
      at: "2026-05-01T08:00:00+08:00",
      subscriber: BigInt(index + 1),
      subscriber_prefix: BigInt(index + 1),
      subscriber_method: "session",
      active_family: 6 as const,
    })),
  ]);
  await insertLedger(store, [
    { at: "2026-05-01T08:00:00+08:00", exporter: "192.0.2.7", stage: "receive", outcome: "expected", count: 10 },
    { at: "2026-05-01T08:00:00+08:00", exporter: "192.0.2.7", stage: "receive", outcome: "lost", count: 1 },
  ] as never);
});
afterAll(async () => {
  await service.stop();
  await close();
  rmSync(folder, { recursive: true });
});

const asked = (url: string, headers: Record<string, string> = {}) =>
  service.app.inject({ url: `/api/v1/${url}`, headers: { authorization: `Bearer ${KEY}`, ...headers } });

/** The statements of an answer, each with the rows that the engine gives when a person runs it. */
async function run(url: string) {
  const { statusCode, headers, body } = await asked(url, { accept: "application/sql" });
  expect(statusCode, body).toBe(200);
  expect(headers["content-type"]).toBe("application/sql; charset=utf-8");
  expect(headers).toMatchObject({ vary: "accept", "cache-control": "no-store" });
  const [, ...statements] = body.split(/^(?=-- \d+ of \d+: )/m);
  const ran = await Promise.all(
    statements.map(async (statement) => {
      const { columns, rows } = await store.raw(statement.replace(/;\s*$/, ""), LIMITS);
      return rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])));
    }),
  );
  return { body, ran };
}

test.each([
  `by=operator&${MAY}`,
  `by=region,technology&interval=1d&${MAY}`,
  `by=exporter&exporter=192.0.2.7&${MAY}`,
  "month=2026-05&snapshot=live&by=access",
])("the statement of traffic/share?%s gives the answer's figures", async (question) => {
  const { body: answer } = await get(service, `/api/v1/traffic/share?${question}`);
  const { ran } = await run(`traffic/share?${question}`);
  const [total, ...rows] = ran[0] ?? [];
  expect(answer.rows.length).toBeGreaterThan(0);
  expect(total).toMatchObject(answer.total);
  expect(rows.length).toBe(answer.rows.length);
  for (const [index, row] of (answer.rows as api.ShareRow[]).entries()) {
    const { at, exporter, ...figures } = row;
    expect(rows[index]).toMatchObject(figures);
    if (at !== undefined) expect(rows[index]?.at_s).toBe(Date.parse(at) / 1_000);
    if (exporter !== undefined) expect(rows[index]?.exporter).toBe(`::ffff:${exporter}`);
  }
});

test.each(["traffic_share", "traffic_volume", "peak_rate"])("so does that of the indicator %s", async (id) => {
  const url = `indicators/${id}?by=operator&${MAY}`;
  const answer = (await asked(url)).json() as api.IndicatorFigures;
  if (answer.rows === undefined) throw new Error(JSON.stringify(answer));
  const { ran } = await run(url);
  const found = ran[0] ?? [];
  for (const row of answer.rows) {
    const same = found.find((it) => it.is_total === 0 && it.operator === row.operator);
    expect(same).toMatchObject({ value: row.value, numerator: row.numerator, denominator: row.denominator });
  }
  expect(found.find((it) => it.is_total === 1)?.value).toBe(answer.total.value);
});

test("the books' rows add up to the answer's", async () => {
  const { body: books } = await get(service, `/api/v1/ledger?${MAY}`);
  const { ran } = await run(`ledger?${MAY}`);
  const lost = ran[0]?.find(({ outcome }) => outcome === "lost");
  expect(lost).toMatchObject({ exporter_text: "::ffff:192.0.2.7", units: books.total.sequence.lost });
});

test("where an estimate is behind a figure, the text says that no statement is", async () => {
  const { body, ran } = await run("users/active?by=operator&month=2026-05&snapshot=live");
  expect(ran.length).toBeGreaterThan(1);
  expect(body).toContain("-- No row of these statements is the answer");
  // The count that the ladder begins with is that of the answer here, where sessions cover all.
  const { body: answer } = await get(service, "/api/v1/users/active?by=operator&month=2026-05&snapshot=live");
  expect(ran.flat().find(({ level }) => level === "total")?.session_users).toBe(answer.total.session_users);
});

test("objects and exporters tell all of their statements, and each runs", async () => {
  for (const url of [`objects/traffic?by=kind&${MAY}`, "exporters", `users/assigned?day=2026-05-01`]) {
    const { ran, body } = await run(url);
    expect(ran.length, url).toBeGreaterThan(0);
    expect(body).toContain(`-- GET /api/v1/${url}`);
  }
});

test("literals are read back as the values that are bound", async () => {
  const values = {
    text: "it's \\ {text:String} `\n\t -- 中文",
    list: ["", "a'b", "\\"],
    none: [],
    numbers: [0, 255],
    flag: false,
    whole: -9_007_199_254_740_991,
    day: "2026-05-01",
    table: "flows_1d",
  };
  const sql = `SELECT {text:String} AS text, {list:Array(String)} AS list, {none:Array(String)} AS none,
    {numbers:Array(UInt8)} AS numbers, {flag:Bool} AS flag, {whole:Int64} AS whole, {day:Date} AS day, count() AS rows
    FROM {table:Identifier} LIMIT {numbers:Array(UInt8)}[2]`;
  const query = { name: "literals", sql, params: z.looseObject({}), row: z.looseObject({}) };
  const [bound] = await store.query(query, values);
  const { columns, rows } = await store.raw(literalStatement(query, values), LIMITS);
  expect(Object.fromEntries(columns.map(({ name }, index) => [name, rows[0]?.[index]]))).toEqual(bound);
  expect(() => literalStatement(query, { ...values, flag: undefined })).toThrow("{flag:Bool} is bound to undefined");
});

test("refusals are those of the figures, and an operator's statements are narrowed to its own traffic", async () => {
  const refused = await asked("traffic/share?by=colour", { accept: "application/sql" });
  expect(refused.statusCode).toBe(400);
  expect(refused.headers["content-type"]).toContain("application/problem+json");
  const { key } = await keys.create({ name: "telecom", role: "operator", raw: false, days: 1, operator: "telecom" });
  const asOperator = { authorization: `Bearer ${key}`, accept: "application/sql" };
  expect((await asked(`traffic/share?operator=unicom&${MAY}`, asOperator)).statusCode).toBe(403);
  const { body } = await asked(`traffic/share?${MAY}`, asOperator);
  expect(body).toContain("operator IN CAST(['telecom'], 'Array(String)')");
  expect((await asked(`indicators/traffic_share?by=exporter&${MAY}`, asOperator)).statusCode).toBe(403);
  expect((await asked("traffic/share", { ...asOperator, authorization: "Bearer nobody" })).statusCode).toBe(401);
});

test("JSON stays what is answered where SQL is not ranked first, and questions at once keep their own statements", async () => {
  for (const accept of ["*/*", "application/json, application/sql;q=0.5", "text/html"])
    expect((await asked(`ledger?${MAY}`, { accept })).headers["content-type"]).toContain("application/json");
  const both = await Promise.all([
    run(`traffic/share?by=region&${MAY}`),
    run(`ledger?${MAY}`),
    asked(`traffic/share?${MAY}`),
  ]);
  expect(both[0].body).toContain("1 of 1: traffic-share");
  expect(both[1].body).toContain("1 of 1: ledger");
});
