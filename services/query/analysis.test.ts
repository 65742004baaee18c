import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identitiesOf, KeyRing } from "@v6meter/identity";
import { type api, queryConfig, TECHNOLOGIES } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  insertExporters,
  insertFlows,
  insertLedger,
  KEY,
  openTestStore,
  type TestFlow,
  testService,
} from "./province.test-data.ts";

const folder = join(import.meta.dirname, "../../sql/queries/analysis");
const files = readdirSync(folder).sort();
const text = (file: string) => readFileSync(join(folder, file), "utf8");
const needsRaw = (file: string) => text(file).includes("needs the right raw");

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const OFFSET_MS = 8 * HOUR_MS;
const nowMs = Date.now();
/** Noon in Asia/Shanghai of the day that many days ago. */
const noonMs = (days: number) =>
  Math.floor((nowMs + OFFSET_MS) / DAY_MS) * DAY_MS - OFFSET_MS + 12 * HOUR_MS - days * DAY_MS;
const dayOf = (ms: number) => new Date(ms + OFFSET_MS).toISOString().slice(0, 10);

const OPERATORS = ["telecom", "unicom", "mobile"];
const TECHS = ["native", "native", "native", "nat64", "ds_lite", "6in4", "special"];

/** Forty days of a small province, all more than a day ago, and a dense last day; every row is different, none is left to chance. */
function province(): TestFlow[] {
  const moments = [
    ...Array.from({ length: 40 * 12 }, (_, i) => ({ i, atMs: noonMs(2 + (i % 40)) + (i % 5) * HOUR_MS })),
    ...Array.from({ length: 300 }, (_, i) => ({ i, atMs: nowMs - 60_000 - (i % 20) * HOUR_MS })),
  ];
  return moments.map(({ i, atMs }, row): TestFlow => {
    const technology = TECHS[row % 7] as string;
    const family = technology === "ds_lite" ? 4 : technology === "special" ? 0 : row % 3 === 0 ? 4 : 6;
    const isV6 = family === 6;
    return {
      at: new Date(atMs).toISOString(),
      technology,
      family,
      operator: OPERATORS[row % 3] as string,
      region: row % 11 === 0 ? "unknown" : `21${String(1 + (row % 4)).padStart(2, "0")}00`,
      access: ["mobile", "fixed"][row % 2] as string,
      flow_direction: ["down", "up"][Math.floor(row / 2) % 2] as string,
      exporter: `192.0.2.${1 + (row % 5)}`,
      observation_point: ["man", "backbone"][row % 2] as string,
      counted: (row % 9 === 0 ? 1 : 2) as 1 | 2,
      bytes: 1_000 + 37 * row + (isV6 ? 5 * i : 0),
      packets: 1 + (row % 9),
      sampling_rate: row % 13 === 0 ? 0 : 10,
      src_addr: isV6 ? `2001:db8:${(row % 50).toString(16)}:7::1` : `198.51.${row % 50}.9`,
      // One network in two sends IPv4 only.
      src_as: isV6 ? 64_500 + 2 * (row % 5) : 64_500 + (row % 10),
      src_port: !isV6 && row % 10 === 0 ? 1_720 : ([443, 53, 8_443, 123][row % 4] as number),
      dst_port: 50_000 + row,
      protocol: [6, 17][Math.floor(row / 4) % 2] as number,
      in_if: 1 + (row % 4),
      subscriber_method: "session",
      subscriber: BigInt(64 * (1 + (row % 200))),
      subscriber_prefix: BigInt(900_000 + (row % 200)),
      active_family: isV6 ? 6 : 4,
    };
  });
}

const flows = province();
let store: Store;
let close: () => Promise<void>;
let service: ReturnType<typeof testService>;
let keysFolder: string;
let analyst: string;

beforeAll(async () => {
  keysFolder = mkdtempSync(join(tmpdir(), "v6meter-analysis-"));
  const keys = new KeyRing(keysFolder);
  ({ key: analyst } = await keys.create({ name: "li", role: "analyst", operator: null, raw: false, days: 1 }));
  ({ store, close } = await openTestStore());
  service = testService(store, {
    identities: identitiesOf({ adminKey: KEY, keys }),
    config: queryConfig.parse({ http: "127.0.0.1:0", sql_max_rows: 10_000 }),
  });
  await insertFlows(store, flows);
  await insertLedger(
    store,
    [1, 2, 3].flatMap((exporter) =>
      [2, 30].flatMap((hours) => {
        const of = { at: new Date(nowMs - hours * HOUR_MS).toISOString(), exporter: `192.0.2.${exporter}` };
        return [
          { ...of, stage: "receive" as const, outcome: "expected" as const, count: 1_000 },
          { ...of, stage: "receive" as const, outcome: "lost" as const, count: 10 * (exporter - 1) },
          { ...of, stage: "decode" as const, outcome: "received" as const, count: 100 },
          { ...of, stage: "decode" as const, outcome: "forwarded" as const, count: 97 },
          { ...of, stage: "decode" as const, outcome: "dropped" as const, reason: "no_template", count: 3 },
        ];
      }),
    ),
  );
  await insertExporters(
    store,
    [1, 2].map((exporter) => ({
      exporter: `192.0.2.${exporter}`,
      version: 9,
      observation_domain: 0,
      source_port: 2055,
      first_seen_at_ms: nowMs - 5 * DAY_MS,
      last_seen_at_ms: exporter === 1 ? nowMs : nowMs - 5 * HOUR_MS,
      templates: 1,
      options_templates: 0,
      sampling: [],
      sampling_source: "unknown" as const,
      clock_offset_ms: 90_000 * exporter,
      clock_off: exporter === 2,
      interfaces: [],
      name: `router-${exporter}`,
    })),
  );
});
afterAll(async () => {
  await service.stop();
  await close();
  rmSync(keysFolder, { recursive: true });
});

async function asked(file: string, key = needsRaw(file) ? KEY : analyst) {
  const answer = await service.app.inject({
    method: "POST",
    url: "/api/v1/sql",
    headers: { authorization: `Bearer ${key}` },
    payload: { query: text(file) },
  });
  const body = answer.json();
  expect(answer.statusCode, JSON.stringify(body)).toBe(200);
  const names = body.columns.map(({ name }: { name: string }) => name) as string[];
  const rows = body.rows.map((row: unknown[]) => Object.fromEntries(names.map((name, i) => [name, row[i]])));
  return { names, rows: rows as Record<string, unknown>[] };
}

/** Answers that need sessions of AAA, which this province has none of. */
const WITHOUT_SESSIONS = ["address-kinds-by-day.sql"];

test("the library has at least thirty queries for analysts, each one commented statement", () => {
  expect(files.filter((file) => !needsRaw(file)).length).toBeGreaterThanOrEqual(30);
  for (const file of files) {
    expect(file).toMatch(/^[a-z0-9-]+\.sql$/);
    expect(text(file), file).toMatch(/^-- .*[\u4e00-\u9fff].*\n-- [A-Z].{20,}\n/);
    expect(text(file).replaceAll(/--.*$/gm, ""), file).not.toContain(";");
  }
});

test("the catalogue offers each key the views as the engine has them, and the questions it may run", async () => {
  const asked = async (key: string) => {
    const headers = { authorization: `Bearer ${key}` };
    const answer = await service.app.inject({ method: "GET", url: "/api/v1/sql/catalogue", headers });
    expect(answer.statusCode, answer.body).toBe(200);
    return answer.json<api.SqlCatalogue>();
  };
  const [all, few] = [await asked(KEY), await asked(analyst)];
  expect([all.raw, few.raw]).toEqual([true, false]);
  expect(all.questions.map(({ name }) => `${name}.sql`)).toEqual(files);
  expect(few.questions.map(({ name }) => `${name}.sql`)).toEqual(files.filter((file) => !needsRaw(file)));
  expect(few.views).toEqual(all.views);
  const { rows } = await store.raw(
    "SELECT table, groupArray(name) FROM system.columns WHERE database = 'analyst' GROUP BY table ORDER BY table",
    { maxExecutionS: 10, maxRows: 100, maxMemoryBytes: 1e8 },
  );
  expect(few.views.map(({ name, columns }) => [name, columns.map((it) => it.name)])).toEqual(rows);
  expect(few.views.find(({ name }) => name === "flows")?.columns.find(({ name }) => name === "bytes")?.doc).toContain(
    "sampling",
  );
});

test.each(files)(
  "%s answers at the SQL endpoint, by the key of an analyst where it says nothing else",
  async (file) => {
    const { names, rows } = await asked(file);
    expect(names.length).toBeGreaterThan(2);
    if (WITHOUT_SESSIONS.includes(file)) expect(rows).toEqual([]);
    else expect(rows.length).toBeGreaterThan(0);
  },
);

test.each(files.filter(needsRaw))("%s is refused to an analyst", async (file) => {
  const payload = { query: text(file) };
  const headers = { authorization: `Bearer ${analyst}` };
  const { statusCode } = await service.app.inject({ method: "POST", url: "/api/v1/sql", headers, payload });
  expect(statusCode).toBe(400);
});

describe("the figures are those of the data", () => {
  const once = flows.filter(({ counted }) => counted === 2);
  const scaled = ({ bytes = 0, sampling_rate = 1 }: TestFlow) => bytes * Math.max(1, sampling_rate);
  function classOf({ technology = "native", family }: TestFlow): string {
    const countsAs = TECHNOLOGIES[technology as keyof typeof TECHNOLOGIES].counts_as;
    if (countsAs !== "auto") return countsAs;
    return family === 6 ? "v6_native" : "v4";
  }
  const isV6 = (flow: TestFlow) => classOf(flow).startsWith("v6");
  const isCounted = (flow: TestFlow) => classOf(flow) !== "excluded";
  const sum = (of: TestFlow[]) => of.reduce((total, flow) => total + scaled(flow), 0);
  const percent = (of: TestFlow[]) => Math.round((10_000 * sum(of.filter(isV6))) / sum(of.filter(isCounted))) / 100;
  const atMs = ({ at }: TestFlow) => Date.parse(at);
  const since = (days: number) => once.filter((flow) => dayOf(atMs(flow)) >= dayOf(nowMs - days * DAY_MS));

  test("the share by day", async () => {
    const { rows } = await asked("share-by-day.sql");
    const days = Map.groupBy(since(30), (flow) => dayOf(atMs(flow)));
    expect(rows).toEqual(
      [...days]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([day, of]) => ({
          day,
          v6_bytes: String(sum(of.filter(isV6))),
          total_bytes: String(sum(of.filter(isCounted))),
          percent_v6: expect.closeTo(percent(of), 1),
        })),
    );
    expect(rows.length).toBeGreaterThan(25);
  });

  test("top movers", async () => {
    const { rows } = await asked("movers-by-region.sql");
    const week = (from: number, to: number, region: unknown) =>
      once.filter((flow) => {
        const day = dayOf(atMs(flow));
        return flow.region === region && day >= dayOf(nowMs - from * DAY_MS) && day <= dayOf(nowMs - to * DAY_MS);
      });
    expect(rows).toHaveLength(5);
    for (const { region, percent_now, percent_before, points_moved } of rows) {
      expect(percent_now).toBeCloseTo(percent(week(6, 0, region)), 1);
      expect(percent_before).toBeCloseTo(percent(week(13, 7, region)), 1);
      expect(points_moved).toBeCloseTo(Number(percent_now) - Number(percent_before), 2);
    }
    const moved = rows.map((row) => Math.abs(Number(row.points_moved)));
    expect(moved).toEqual([...moved].sort((a, b) => b - a));
  });

  test("heavy IPv4-only networks", async () => {
    const { rows } = await asked("heavy-ipv4-only-networks.sql");
    const lastDay = once.filter((flow) => atMs(flow) >= nowMs - DAY_MS && flow.flow_direction === "down");
    const withV6 = new Set(lastDay.filter((flow) => classOf(flow) === "v6_native").map(({ src_as }) => src_as));
    const heavy = Map.groupBy(
      lastDay.filter((flow) => classOf(flow) === "v4" && !withV6.has(flow.src_as)),
      ({ src_as, src_addr = "" }) => `${src_as} ${src_addr.replace(/\d+$/, "0")}`,
    );
    expect(heavy.size).toBeGreaterThan(5);
    const bytes = [...heavy.values()].map(sum).sort((a, b) => b - a);
    expect(rows.map((row) => Number(row.v4_bytes))).toEqual(bytes.slice(0, 50));
    expect(rows.every(({ src_network }) => /^::ffff:198\.51\.\d+\.0$/.test(String(src_network)))).toBe(true);
  });

  test("use of transition technologies", async () => {
    const { rows } = await asked("transition-by-operator.sql");
    const used = since(30).filter(({ technology }) => !["native", "special"].includes(technology ?? ""));
    expect(rows.reduce((total, row) => total + Number(row.bytes), 0)).toBe(sum(used));
    expect(new Set(rows.map(({ technology }) => technology))).toEqual(new Set(["nat64", "ds_lite", "6in4"]));
    expect(rows.find(({ technology }) => technology === "ds_lite")?.class).toBe("v4");
  });

  test("loss, drops, books, silence and clocks", async () => {
    expect((await asked("lossy-exporters.sql")).rows).toEqual([
      { exporter: "::ffff:192.0.2.3", expected: "1000", lost: "20", percent_lost: 2 },
      { exporter: "::ffff:192.0.2.2", expected: "1000", lost: "10", percent_lost: 1 },
    ]);
    const { rows: drops } = await asked("drops-by-reason.sql");
    expect(drops.reduce((total, row) => total + Number(row.dropped), 0)).toBe(18);
    expect((await asked("books-by-stage.sql")).rows).toContainEqual(
      expect.objectContaining({ stage: "decode", received: "600", dropped: "18", missing: "0" }),
    );
    const { rows: silent } = await asked("silent-exporters.sql");
    expect(silent).toMatchObject([{ name: "router-2" }]);
    expect(Number(silent[0]?.minutes_silent)).toBeGreaterThanOrEqual(300);
    expect((await asked("clocks-off.sql")).rows).toMatchObject([{ name: "router-2", clock_offset_ms: "180000" }]);
  });

  test("traffic of unknown sampling, and sightings that repeat", async () => {
    const { rows } = await asked("unknown-sampling.sql");
    const bucketMs = (ms: number) => Math.floor(ms / 300_000) * 300_000;
    const unknown = once.filter((flow) => bucketMs(atMs(flow)) >= nowMs - DAY_MS && flow.sampling_rate === 0);
    const total = rows.reduce((all, row) => all + Number(row.bytes_as_exported), 0);
    expect(total).toBe(unknown.reduce((all, { bytes = 0 }) => all + bytes, 0));
    const { rows: repeated } = await asked("repeated-sightings.sql");
    const seen = repeated.reduce((all, row) => all + Number(row.bytes_seen), 0);
    const counted = repeated.reduce((all, row) => all + Number(row.bytes_counted_once), 0);
    expect(counted).toBe(sum(since(7)));
    expect(seen).toBe(sum(flows.filter((flow) => dayOf(atMs(flow)) >= dayOf(nowMs - 7 * DAY_MS))));
  });
});
