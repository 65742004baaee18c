import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { api, queryConfig } from "@v6meter/schemas";
import { defineQuery, type Store } from "@v6meter/store";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { insertFlows, KEY, openTestStore, testService } from "./province.test-data.ts";
import { standardQuestions } from "./snapshots/standard-questions.ts";
import { encodeTable } from "./table.ts";

const FORMATS = {
  ArrowStream: "application/vnd.apache.arrow.stream",
  Parquet: "application/vnd.apache.parquet",
} as const;
type Format = keyof typeof FORMATS;
const formats = Object.keys(FORMATS) as Format[];

let store: Store;
let close: () => Promise<void>;
let service: ReturnType<typeof testService>;
let folder: string;
let subscribers = 0n;

const users = (count: number, region: string) =>
  Array.from({ length: count }, () => {
    const subscriber = ++subscribers;
    return {
      at: "2026-05-01T08:00:00+08:00",
      region,
      subscriber,
      subscriber_prefix: subscriber,
      subscriber_method: "session",
      active_family: 6,
    } as const;
  });

beforeAll(async () => {
  ({ store, close } = await openTestStore());
  folder = mkdtempSync(join(tmpdir(), "v6meter-table-"));
  const catalogue = mkdtempSync(join(folder, "catalogue-"));
  writeFileSync(
    join(catalogue, "objects.yaml"),
    "objects:\n  - { id: idc_a, kind: idc, zh: 甲, en: A, owner: 甲, match: [{ exporter: 192.0.2.7 }] }\n",
  );
  service = testService(store, {
    config: queryConfig.parse({ http: "127.0.0.1:0", catalogue_dir: catalogue }),
    questionsOf: (known, month) =>
      standardQuestions(known, month).filter(({ path }) => path.includes("/active_connections?by=region&month")),
  });
  await insertFlows(store, [
    // More than a double holds: 2^53 + 1.
    { at: "2026-05-02T08:00:00+08:00", exporter: "192.0.2.7", bytes: 9_007_199_254_740_991 },
    { at: "2026-05-02T09:00:00+08:00", exporter: "192.0.2.7", bytes: 2 },
    ...users(40, "210100"),
    ...users(30, "210200"),
    ...users(3, "210300"),
  ]);
});
afterAll(async () => {
  await service.stop();
  await close();
  rmSync(folder, { recursive: true });
});

const asked = (url: string, headers: Record<string, string>) =>
  service.app.inject({ url: `/api/v1/${url}`, headers: { authorization: `Bearer ${KEY}`, ...headers } });

const file = z.object({ path: z.string(), format: z.string() });
const rowsOfFile = defineQuery({
  name: "rows-of-file",
  sql: "SELECT * FROM file({path:String}, {format:String})",
  params: file,
  row: z.record(z.string(), z.unknown()),
});
const columnsOfFile = defineQuery({
  name: "columns-of-file",
  sql: "DESCRIBE file({path:String}, {format:String})",
  params: file,
  row: z.looseObject({ name: z.string(), type: z.string() }),
});

let files = 0;

/** What ClickHouse reads of an answer's bytes. */
async function readBack(bytes: Uint8Array, format: Format) {
  const path = join(folder, `${files++}`);
  writeFileSync(path, bytes);
  const columns = await store.query(columnsOfFile, { path, format });
  const types = Object.fromEntries(columns.map(({ name, type }) => [name, type]));
  return { types, rows: await store.query(rowsOfFile, { path, format }) };
}

/** The rows of a JSON answer as a table of these columns has them. */
function tableRows({ rows }: { rows: readonly object[] }, columns: readonly string[]) {
  const absent = Object.fromEntries(columns.map((name) => [name, name === "suppressed" ? false : null]));
  return rows.map((row) => ({
    ...absent,
    ...row,
    ...("at" in row && { at: new Date(row.at as string).toISOString().replace("T", " ").replace("Z", "") }),
  }));
}

async function asTable(url: string, format: Format) {
  const answer = await asked(url, { accept: FORMATS[format] });
  expect(answer.statusCode, answer.body).toBe(200);
  expect([answer.headers["content-type"], answer.headers.vary]).toEqual([FORMATS[format], "accept"]);
  return { headers: answer.headers, ...(await readBack(answer.rawPayload, format)) };
}

const asJson = async (url: string) => (await asked(url, {})).json() as api.IndicatorFigures;

const TEXT = "Nullable(String)";
const NUMBER = "Nullable(Float64)";
const FIGURE = { value: NUMBER, numerator: TEXT, denominator: TEXT, completeness: NUMBER };
const TOLD = { method: TEXT, coverage: NUMBER, low: NUMBER, high: NUMBER };
const FLAG = { suppressed: "Nullable(Bool)" };
const INSTANT = { at: "Nullable(DateTime64(3, 'UTC'))" };
const SHARE = {
  v6_bytes: TEXT,
  v6_native_bytes: TEXT,
  v6_transition_bytes: TEXT,
  v4_bytes: TEXT,
  total_bytes: TEXT,
  excluded_bytes: TEXT,
  unknown_sampling_bytes: TEXT,
  share: NUMBER,
  native_share: NUMBER,
  records: TEXT,
  completeness: NUMBER,
};
const OBJECT = { v6_bytes: TEXT, v4_bytes: TEXT, total_bytes: TEXT, share: NUMBER };

describe.each(formats)("%s", (format) => {
  test.each([
    {
      says: "days, and integers longer than a double",
      url: "indicators/traffic_share?month=2026-05&by=region&interval=1d",
      types: { ...INSTANT, region: TEXT, ...FIGURE, ...FLAG },
      has: { at: "2026-05-01 16:00:00.000", value: 1, numerator: "9007199254740993", completeness: null },
      count: 4,
    },
    {
      says: "users, suppressed ones among them",
      url: "indicators/active_connections?month=2026-05&by=region",
      types: { region: TEXT, ...FIGURE, ...TOLD, ...FLAG },
      has: { region: "210300", value: null, numerator: null, method: "aaa", low: null, suppressed: true },
      count: 3,
    },
    {
      says: "shares of traffic",
      url: "traffic/share?month=2026-05&by=region&interval=1d",
      types: { ...INSTANT, region: TEXT, ...SHARE },
      has: { region: "210100", v6_native_bytes: "9007199254740993", share: 1, completeness: null },
      count: 4,
    },
    {
      says: "objects",
      url: "objects/traffic?month=2026-05&interval=1mo&object=idc_a",
      types: { group: TEXT, ...INSTANT, ...OBJECT },
      has: { group: "idc_a", total_bytes: "9007199254740993", at: "2026-04-30 16:00:00.000" },
      count: 1,
    },
  ])("$says: what ClickHouse reads is what JSON tells", async ({ url, types, has, count }) => {
    const table = await asTable(url, format);
    expect(table.types).toEqual(types);
    expect(table.rows).toEqual(tableRows(await asJson(url), Object.keys(types)));
    expect(table.rows).toHaveLength(count);
    expect(table.rows).toContainEqual(expect.objectContaining(has));
  });

  test("no rows have their columns all the same", async () => {
    const { types, rows } = await asTable("indicators/traffic_share?month=2025-05&by=region&interval=1d", format);
    expect(types).toEqual({ ...INSTANT, region: TEXT, ...FIGURE, ...FLAG });
    expect(rows).toEqual([]);
  });

  test("has a tag of its own where the period has ended, and 304 for who has it", async () => {
    const url = "indicators/traffic_share?month=2026-05&by=region";
    const { etag } = (await asTable(url, format)).headers as { etag: string };
    const known = await asked(url, { accept: FORMATS[format], "if-none-match": etag });
    expect([known.statusCode, known.rawPayload.length]).toEqual([304, 0]);
    expect((await asked(url, { accept: "application/json", "if-none-match": etag })).statusCode).toBe(200);
  });
});

describe("of a frozen month", () => {
  const url = "indicators/active_connections?by=region&month=2026-05";

  beforeAll(async () => {
    const headers = { authorization: `Bearer ${KEY}` };
    await service.app.inject({ method: "POST", url: "/api/v1/snapshots", headers, payload: { month: "2026-05" } });
    await vi.waitFor(
      async () =>
        expect((await asked("snapshots/2026-05-v1", {})).json()).toMatchObject({ state: "taken", refused: [] }),
      { timeout: 60_000, interval: 100 },
    );
    // Late data: the region that was suppressed has enough users now.
    await insertFlows(store, users(50, "210300"));
  }, 90_000);

  test.each(formats)("%s is the kept answer, with its tag", async (format) => {
    const table = await asTable(url, format);
    const json = await asked(url, {});
    expect(table.headers).toMatchObject({ "v6meter-snapshot": "2026-05-v1", vary: "accept" });
    expect(json.json().snapshot.id).toBe("2026-05-v1");
    expect(table.rows).toEqual(tableRows(json.json(), Object.keys(table.types)));
    expect(table.rows).toContainEqual(expect.objectContaining({ region: "210100", value: 40 }));
    const { etag } = table.headers as { etag: string };
    const known = await asked(url, { accept: FORMATS[format], "if-none-match": etag });
    expect([known.statusCode, known.rawPayload.length]).toEqual([304, 0]);
  });

  test("computed now, no format tells what the snapshot hides", async () => {
    const live = `${url}&snapshot=live`;
    const json = await asJson(live);
    const hidden = json.rows.find(({ region }) => region === "210300");
    expect(hidden).toMatchObject({ value: null, suppressed: true });
    for (const format of formats) {
      const { types, rows } = await asTable(live, format);
      expect(rows).toEqual(tableRows(json, Object.keys(types)));
    }
    const csv = (await asked(live, { accept: "text/csv" })).body;
    expect(csv).toMatch(/^210300,,,,/m);
  });
});

test("a batch of Arrow holds however many rows there are", async () => {
  const rows = Array.from({ length: 40_000 }, (_, i) => ({ region: `${i}`, value: i % 3 === 0 ? null : i / 7 }));
  const table = { row: api.indicatorRow, columns: () => ["region", "value"] };
  for (const [format, type] of Object.entries(FORMATS) as [Format, (typeof FORMATS)[Format]][]) {
    const read = await readBack(encodeTable(type, table, { rows }) as Uint8Array, format);
    expect(read.rows).toEqual(rows.map((row) => ({ ...row, suppressed: false })));
  }
});
