import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type api, queryConfig } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { csvText, prefersCsv } from "./accept.ts";
import { get, insertFlows, insertLedger, KEY, openTestStore, testService } from "./province.test-data.ts";

let store: Store;
let close: () => Promise<void>;
let service: ReturnType<typeof testService>;
let dir: string;

beforeAll(async () => {
  ({ store, close } = await openTestStore());
  dir = mkdtempSync(join(tmpdir(), "v6meter-catalogue-"));
  service = testService(store, { config: queryConfig.parse({ http: "127.0.0.1:0", catalogue_dir: dir }) });
  await insertFlows(store, [
    { at: "2026-04-30T23:59:59+08:00", region: "210100", family: 6, bytes: 7 },
    { at: "2026-05-01T00:00:00+08:00", region: "210100", family: 6, bytes: 900 },
    { at: "2026-05-01T08:00:00+08:00", region: "210100", family: 4, bytes: 8_100 },
    {
      at: "2026-05-02T08:00:00+08:00",
      region: "211300",
      family: 6,
      bytes: 900,
      operator: "mobile",
      exporter: "192.0.2.2",
    },
    {
      at: "2026-05-31T23:59:59+08:00",
      region: "211300",
      family: 4,
      bytes: 100,
      operator: "mobile",
      exporter: "192.0.2.2",
    },
  ]);
  const receive = { stage: "receive", at: "2026-05-01T08:00:00+08:00" } as const;
  await insertLedger(store, [
    { ...receive, exporter: "192.0.2.1", outcome: "expected", count: 100 },
    { ...receive, exporter: "192.0.2.1", outcome: "lost", count: 10 },
    { ...receive, exporter: "192.0.2.2", outcome: "expected", count: 100 },
  ]);
});
afterAll(async () => {
  await service.stop();
  await close();
  rmSync(dir, { recursive: true, force: true });
});

async function figures(query: string): Promise<api.IndicatorFigures> {
  const { status, body } = await get(service, `/api/v1/indicators/${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body as api.IndicatorFigures;
}

describe("GET /api/v1/indicators", () => {
  test("lists the catalogue in the five dimensions, definitions and sources with it", async () => {
    const { body } = await get(service, "/api/v1/indicators");
    const { indicators, refused } = body as api.Indicators;
    expect(refused).toEqual([]);
    expect(indicators.length).toBeGreaterThanOrEqual(60);
    expect(new Set(indicators.map(({ dimension }) => dimension))).toEqual(
      new Set(["network", "application", "terminal", "user", "traffic"]),
    );
    for (const it of indicators) {
      expect(it.definition.zh, it.id).toMatch(/\p{Script=Han}/u);
      expect(it.source, it.id).not.toBe("");
    }
  });

  test("by dimension and class", async () => {
    const { body } = await get(service, "/api/v1/indicators?dimension=network&class=flow");
    const { indicators } = body as api.Indicators;
    expect(indicators.length).toBeGreaterThan(5);
    for (const it of indicators) expect([it.dimension, it.class]).toEqual(["network", "flow"]);
  });
});

describe("GET /api/v1/indicators/{id}", () => {
  test("the province figure is a sum over a sum, never a mean of the cities' shares", async () => {
    const { rows, total, period } = await figures("traffic_share?month=2026-05&by=region");
    expect(period).toEqual({
      from: "2026-05-01T00:00:00+08:00",
      to: "2026-06-01T00:00:00+08:00",
      zone: "Asia/Shanghai",
    });
    expect(rows.map(({ region, value }) => [region, value])).toEqual([
      ["210100", 0.1],
      ["211300", 0.9],
    ]);
    expect(total).toMatchObject({ numerator: "1800", denominator: "10000", value: 0.18 });
  });

  test("completeness goes along, by what each exporter gave", async () => {
    const { total, rows } = await figures("traffic_share?month=2026-05&by=operator");
    expect(total.completeness).toBeCloseTo((0.9 * 9_000 + 1_000) / 10_000, 12);
    expect(rows.map(({ operator, completeness }) => [operator, completeness])).toEqual([
      ["mobile", 1],
      ["telecom", 0.9],
    ]);
  });

  test("days and months are cut in Asia/Shanghai", async () => {
    const { rows } = await figures(
      "v6_volume?from=2026-04-01T00:00:00%2B08:00&to=2026-06-01T00:00:00%2B08:00&interval=1mo",
    );
    expect(rows.map(({ at, numerator }) => [at, numerator])).toEqual([
      ["2026-04-01T00:00:00+08:00", "7"],
      ["2026-05-01T00:00:00+08:00", "1800"],
    ]);
    const daily = await figures("v6_volume?month=2026-05&interval=1d");
    expect(daily.rows.map(({ at }) => at?.slice(0, 10))).toEqual(["2026-05-01", "2026-05-02", "2026-05-31"]);
  });

  test("filters restrict rows and total; an exporter is found however it is written", async () => {
    const { total } = await figures("traffic_volume?month=2026-05&exporter=::ffff:192.0.2.2");
    expect(total.numerator).toBe("1000");
    const { rows } = await figures("traffic_volume?month=2026-05&by=exporter&region=210100");
    expect(rows.map(({ exporter, numerator }) => [exporter, numerator])).toEqual([["192.0.2.1", "9000"]]);
  });

  test("a reported series answers by its months", async () => {
    const { total, rows } = await figures(
      "active_users?from=2025-01-01T00:00:00%2B08:00&to=2026-01-01T00:00:00%2B08:00&interval=1mo",
    );
    expect(rows.map(({ at, value }) => [at?.slice(0, 7), value])).toEqual([
      ["2025-06", 834_000_000],
      ["2025-10", 865_000_000],
    ]);
    expect(total.value).toBe(865_000_000);
  });

  test.each([
    {
      says: "a grouping the indicator does not allow",
      url: "traffic_share?by=industry",
      status: 400,
      detail: /industry: traffic_share cannot/,
    },
    { says: "a grouping that is none", url: "traffic_share?by=planet", status: 400, detail: /by: found .*planet/ },
    { says: "a reported series by day", url: "active_users?interval=1d", status: 400, detail: /allowed: 1mo/ },
    { says: "an id that is none", url: "nothing_such", status: 404, detail: /nothing_such is no indicator/ },
  ])("$says is refused", async ({ url, status, detail }) => {
    const { status: found, body } = await get(service, `/api/v1/indicators/${url}`);
    expect(found).toBe(status);
    expect((body as api.Problem).detail).toMatch(detail);
  });

  test("as CSV where Accept prefers it", async () => {
    const answer = await service.app.inject({
      url: "/api/v1/indicators/traffic_share?month=2026-05&by=region",
      headers: { authorization: `Bearer ${KEY}`, accept: "text/csv" },
    });
    expect(answer.headers["content-type"]).toBe("text/csv; charset=utf-8");
    expect(answer.body).toBe(
      "region,value,numerator,denominator,completeness\r\n210100,0.1,900,9000,0.9\r\n211300,0.9,900,1000,1\r\n",
    );
  });

  test("a month that has ended has an ETag, which changes with late data", async () => {
    const url = "/api/v1/indicators/v4_volume?month=2026-03";
    const first = await get(service, url);
    const { etag } = first.headers as { etag: string };
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    const again = await service.app.inject({
      url,
      headers: { authorization: `Bearer ${KEY}`, "if-none-match": `"other", ${etag}` },
    });
    expect(again.statusCode).toBe(304);
    expect(again.body).toBe("");
    await insertFlows(store, [{ at: "2026-03-07T08:00:00+08:00", family: 4, bytes: 5 }]);
    const restated = await get(service, url, { "if-none-match": etag });
    expect(restated.status).toBe(200);
    expect(restated.headers.etag).not.toBe(etag);
  });

  test("a period that goes on has none", async () => {
    const { headers } = await get(
      service,
      "/api/v1/indicators/v4_volume?from=2026-05-01T00:00:00%2B08:00&to=2099-01-01T00:00:00Z",
    );
    expect(headers.etag).toBeUndefined();
    expect(headers["cache-control"]).toBe("no-store");
  });
});

describe("indicators of subscribers", () => {
  const at = "2026-06-10T08:00:00+08:00";
  let next = 1n;
  const users = (count: number, place: { region: string; access: string }) =>
    Array.from({ length: count }, () => {
      const subscriber = next++;
      return {
        at,
        ...place,
        subscriber,
        subscriber_prefix: subscriber,
        subscriber_method: "session",
        active_family: 6,
      } as const;
    });

  beforeAll(() =>
    insertFlows(store, [
      ...users(40, { region: "210100", access: "mobile" }),
      ...users(30, { region: "210100", access: "fixed" }),
      ...users(3, { region: "210200", access: "mobile" }),
      ...users(25, { region: "210200", access: "fixed" }),
      ...users(20, { region: "210300", access: "mobile" }),
      ...users(22, { region: "210300", access: "fixed" }),
      // A prefix without a session: active, but nobody's.
      {
        at,
        region: "210100",
        access: "fixed",
        subscriber_prefix: 9_999n,
        subscriber: 9_999n,
        subscriber_method: "prefix",
        active_family: 6,
      },
    ]),
  );

  test("count distinct ones and what sessions do not cover, with the coverage of the prefixes", async () => {
    const { total, rows } = await figures("active_connections?month=2026-06&by=access");
    // One city's fixed access is covered by 30 prefixes of 31, so its last prefix counts by ratio.
    expect(total).toMatchObject({ value: 141, method: "ratio", completeness: null });
    expect(total.coverage).toBeCloseTo(140 / 141, 6);
    expect(rows.map(({ access, value }) => [access, value])).toEqual([
      ["fixed", 78],
      ["mobile", 63],
    ]);
  });

  test("suppress the few, and what would tell them by subtraction", async () => {
    const { rows } = await figures("active_connections?month=2026-06&by=region,access");
    const hidden = rows.filter(({ suppressed }) => suppressed);
    expect(hidden.map(({ region, access }) => `${region} ${access}`).sort()).toEqual([
      "210200 fixed",
      "210200 mobile",
      "210300 fixed",
      "210300 mobile",
    ]);
    for (const row of hidden)
      expect([row.value, row.numerator, row.low, row.high, row.coverage]).toEqual(Array(5).fill(null));
  });

  test("an indicator of one access tells no more than rows by access do", async () => {
    const { rows, total } = await figures("mobile_active_connections?month=2026-06&by=region");
    expect(rows.map(({ region, value, suppressed }) => [region, value, suppressed])).toEqual([
      ["210100", 40, undefined],
      ["210200", null, true],
      ["210300", null, true],
    ]);
    expect(total.value).toBe(63);
    const filtered = await figures("active_connections?month=2026-06&region=210200&access=mobile");
    expect(filtered.total).toMatchObject({ value: null, suppressed: true });
  });
});

test("an indicator and a target dropped into the folder are there at the next request, a broken file is told", async () => {
  writeFileSync(
    join(dir, "ours.yaml"),
    `indicators:
  - { id: shenyang_share, zh: 沈阳IPv6流量占比, en: Shenyang, extends: traffic_share, where: { region: ["210100"] } }
targets:
  - { id: shenyang_2026, zh: 沈阳, en: Shenyang, indicator: shenyang_share, scope: provincial, value: 0.4, by: 2026-12, source: ours }
`,
  );
  writeFileSync(join(dir, "broken.yaml"), "targets:\n  - { id: x1 }\n");
  expect((await figures("shenyang_share?month=2026-05")).total.value).toBe(0.1);
  const { body } = await get(service, "/api/v1/indicators");
  const { refused } = body as api.Indicators;
  expect(refused[0]).toMatchObject({ file: join(dir, "broken.yaml"), line: 2 });
  const targets = (await get(service, "/api/v1/targets?indicator=shenyang_share")).body as api.Targets;
  expect(targets.targets).toMatchObject([{ id: "shenyang_2026", value: 0.4, unit: "ratio" }]);
});

describe("GET /api/v1/targets", () => {
  test("the nation's users by the published figures, and where their pace leads", async () => {
    const { body } = await get(service, "/api/v1/targets?indicator=active_users&scope=national");
    const { targets } = body as api.Targets;
    expect(targets.map(({ by }) => by)).toEqual([...targets.map(({ by }) => by)].sort());
    const of2027 = targets.find(({ id }) => id === "national_users_2027");
    // 8.34 and 8.65 (亿), four months apart: 0.0775 a month, 0.35 to go.
    expect(of2027).toMatchObject({
      unit: "users",
      current: { month: "2025-10", value: 865_000_000 },
      gap: 35_000_000,
      pace_a_month: 7_750_000,
      projected: "2026-03",
      in_time: true,
    });
    const of2025 = targets.find(({ id }) => id === "national_users_2025");
    expect(of2025).toMatchObject({ reached: true, projected: null, in_time: null });
  });

  test("without any figure says so", async () => {
    const { body } = await get(service, "/api/v1/targets?indicator=lte_users");
    expect((body as api.Targets).targets).toMatchObject([
      { current: null, gap: null, reached: false, projected: null },
    ]);
  });
});

test.each([
  { header: undefined, csv: false },
  { header: "*/*", csv: false },
  { header: "text/csv", csv: true },
  { header: "application/json, text/csv;q=0.5", csv: false },
  { header: "application/json;q=0.5, text/*", csv: true },
  { header: "text/html", csv: false },
])("Accept: $header", ({ header, csv }) => {
  expect(prefersCsv(header)).toBe(csv);
});

test("CSV quotes what parts cells, and defuses what a spreadsheet would run", () => {
  expect(
    csvText(
      ["a", "b"],
      [
        { a: 'say "x", y', b: -1.5 },
        { a: "=1+1", b: null },
        { a: "-7", b: "-x" },
      ],
    ),
  ).toBe('a,b\r\n"say ""x"", y",-1.5\r\n\'=1+1,\r\n-7,\'-x\r\n');
});
