import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeFlows } from "@v6meter/batch";
import { Fault, type Indicator, storeConfig } from "@v6meter/schemas";
import { openEmbeddedStore, type Store } from "@v6meter/store";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { mixedFlows } from "../store/flows.test-data.ts";
import { type Catalogue, type OpenCatalogue, openCatalogue, type Refusal } from "./index.ts";

/** Rows of flows expire after 30 days; those of the days before yesterday do not yet. */
const FROM_MS = Math.floor(Date.now() / 86_400_000 - 3) * 86_400_000 - 8 * 3_600_000;
const PERIOD = { fromMs: FROM_MS, toMs: FROM_MS + 86_400_000 };
const ANY = { period: PERIOD, by: [], interval: null, filters: {} } as const;

let store: Store;
let path: string;
let dir: string;
let told: Refusal[];
let catalogue: OpenCatalogue;

beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), "v6meter-folder-"));
  store = await openEmbeddedStore({ path, config: storeConfig.parse({}) });
  await store.migrate();
  const batch = mixedFlows({ rows: 500, seed: 5, fromMs: FROM_MS, spanMs: 86_400_000 });
  await store.insert({ table: "flows", arrow: encodeFlows(batch, { stage: "classify" }), rows: 500, token: "mixed" });
});
afterAll(async () => {
  await store.stop();
  await rm(path, { recursive: true });
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "v6meter-catalogue-"));
  told = [];
  catalogue = openCatalogue({ store, dir, onRefused: (refused) => told.push(...refused) });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const put = (name: string, text: string) => writeFileSync(join(dir, name), text);
const inDir = (name: string) => join(dir, name);
async function indicatorOf(id: string): Promise<Indicator> {
  return (await catalogue.current()).indicators.get(id) as Indicator;
}
const brief = ({ refused }: Catalogue) => refused.map(({ file, line }) => [file, line]);

const QUIC = `indicators:
  - id: quic_share
    zh: QUIC流量IPv6占比
    en: IPv6 share of UDP
    definition: { zh: UDP字节中IPv6的占比, en: Bytes of IPv6 over all bytes of UDP }
    source: our own
    dimension: traffic
    unit: ratio
    class: flow
    exactness: exact
    good: higher
    owner: us
    kind: ratio
    by: [region]
    sql: |
      SELECT received_at AS bucket_at, region, if(family = 6, f.bytes, 0) AS six, f.bytes AS whole
      FROM flows AS f
      WHERE received_at >= toDateTime64({from_s:Int64}, 3, 'UTC') AND received_at < toDateTime64({to_s:Int64}, 3, 'UTC')
        AND protocol = 17
    numerator: six
    denominator: whole
`;

describe("a file dropped into the folder", () => {
  test("is served from the next question on, and no longer once it is gone", async () => {
    expect((await catalogue.current()).indicators.has("quic_share")).toBe(false);
    put("quic.yaml", QUIC);
    const { total, rows } = await catalogue.published(await indicatorOf("quic_share"), { ...ANY, by: ["region"] });
    expect(told).toEqual([]);
    expect(rows.length).toBe(6);
    expect(total.value).toBeGreaterThan(0.2);
    expect(total.value).toBeLessThan(0.9);
    unlinkSync(inDir("quic.yaml"));
    expect((await catalogue.current()).indicators.has("quic_share")).toBe(false);
  });

  test("that is rewritten is read anew, even at the same length", async () => {
    put("quic.yaml", QUIC);
    expect((await indicatorOf("quic_share")).owner).toBe("us");
    put("quic.yaml", QUIC.replace("owner: us", "owner: me"));
    expect((await indicatorOf("quic_share")).owner).toBe("me");
  });

  test("of kind last takes of every series the latest value, then their sum, in each interval and in total", async () => {
    const source =
      "SELECT toDateTime({from_s:Int64} + number * 43200, 'UTC') AS bucket_at, if(number = 1, 'b', 'a') AS unit, number + 1 AS level FROM numbers(4) WHERE {to_s:Int64} > 0";
    put(
      "gauge.yaml",
      QUIC.replace("id: quic_share", "id: a_gauge")
        .replace("kind: ratio", "kind: last")
        .replace("unit: ratio", "unit: count")
        .replace("by: [region]", "by: [unit]")
        .replace(/sql: [\s\S]*$/, `sql: ${JSON.stringify(source)}\n    value: level\n`),
    );
    const question = { ...ANY, period: { fromMs: FROM_MS, toMs: FROM_MS + 2 * 86_400_000 } };
    const gauge = await indicatorOf("a_gauge");
    expect(told).toEqual([]);
    // a: 1, -, 3, 4; b: -, 2: half a day apart.
    const daily = await catalogue.published(gauge, { ...question, interval: "1d" });
    expect(daily.rows.map(({ value }) => value)).toEqual([1 + 2, 4]);
    expect(daily.total.value).toBe(4 + 2);
    const byUnit = await catalogue.published(gauge, { ...question, by: ["unit"] });
    expect(byUnit.rows.map(({ keys, value }) => [keys.unit, value])).toEqual([
      ["a", 4],
      ["b", 2],
    ]);
  });

  test("extends a built-in indicator in a few lines", async () => {
    put(
      "dalian.yaml",
      `indicators:\n  - { id: dalian_share, zh: 大连占比, en: Dalian, extends: mobile_traffic_share, where: { region: ["210200"] } }\n`,
    );
    const { total } = await catalogue.published(await indicatorOf("dalian_share"), ANY);
    const whole = await catalogue.published(await indicatorOf("mobile_traffic_share"), {
      ...ANY,
      filters: { region: ["210200"] },
    });
    expect(total).toEqual(whole.total);
    expect(Number(total.denominator)).toBeGreaterThan(0);
  });

  test("replaces a built-in entry of its id", async () => {
    put(
      "own.yaml",
      `indicators:\n  - { id: packet_share, zh: 包, en: Packets, extends: traffic_share, numerator: v6_packets, denominator: total_packets, owner: 本单位 }\n`,
    );
    expect((await indicatorOf("packet_share")).owner).toBe("本单位");
  });

  test("of reported figures gives its series figures", async () => {
    put(
      "stb.csv",
      "series,month,operator,numerator,denominator\nstb_share,2026-04,telecom,30,60\nstb_share,2026-04,unicom,10,140\n",
    );
    const { total, rows } = await catalogue.published(await indicatorOf("stb_share"), {
      ...ANY,
      period: { fromMs: Date.parse("2026-01-01T00:00:00+08:00"), toMs: Date.parse("2026-05-01T00:00:00+08:00") },
      by: ["operator"],
    });
    expect(rows.map(({ keys, value }) => [keys.operator, value])).toEqual([
      ["telecom", 0.5],
      ["unicom", 10 / 140],
    ]);
    expect(total).toMatchObject({ numerator: "40", denominator: "200", value: 0.2 });
  });
});

describe("a broken file is refused with its line and a reason, and the others are served", () => {
  test.each([
    {
      says: "YAML that does not parse",
      name: "x.yaml",
      text: "indicators:\n  - id: [a\n",
      line: 3,
      reason: /not valid YAML/,
    },
    {
      says: "an unknown member",
      name: "x.yaml",
      text: QUIC.replace("    owner: us", "    ownr: us"),
      line: 12,
      reason: /ownr is unknown; allowed are/,
    },
    {
      says: "a word outside its vocabulary",
      name: "x.yaml",
      text: QUIC.replace("unit: ratio", "unit: percent"),
      line: 8,
      reason: /allowed are ratio, bytes/,
    },
    {
      says: "a missing member",
      name: "x.yaml",
      text: QUIC.replace("    owner: us\n", ""),
      line: 2,
      reason: /quic_share: owner: a text is needed/,
    },
    {
      says: "SQL that does not parse",
      name: "x.yaml",
      text: QUIC.replace("FROM flows", "FORM flows"),
      line: 15,
      reason: /engine refuses.*Syntax error/,
    },
    {
      says: "a column that is not there",
      name: "x.yaml",
      text: QUIC.replace("protocol = 17", "protocoll = 17"),
      line: 15,
      reason: /engine refuses.*protocoll/,
    },
    {
      says: "an expression over no column",
      name: "x.yaml",
      text: QUIC.replace("numerator: six", "numerator: seven"),
      line: 15,
      reason: /engine refuses.*seven/,
    },
    {
      says: "a grouping its SQL does not give",
      name: "x.yaml",
      text: QUIC.replace("by: [region]", "by: [region, industry]"),
      line: 15,
      reason: /engine refuses.*industry/,
    },
    {
      says: "a figure that is a text",
      name: "x.yaml",
      text: QUIC.replace("numerator: six", "numerator: region"),
      line: 20,
      reason: /numerator is LowCardinality\(String\); allowed is a number/,
    },
    {
      says: "states where numbers are due",
      name: "x.yaml",
      text: QUIC.replace("kind: ratio", "kind: distinct\n    value: six"),
      line: 14,
      reason: /allowed is a state such as/,
    },
    {
      says: "a bucket that is no time",
      name: "x.yaml",
      text: QUIC.replace("received_at AS bucket_at", "1 AS bucket_at"),
      line: 15,
      reason: /bucket_at is UInt8/,
    },
    {
      says: "two statements",
      name: "x.yaml",
      text: QUIC.replace("protocol = 17", "protocol = 17; SELECT 1"),
      line: 15,
      reason: /one SELECT, without ';'/,
    },
    {
      says: "something else than a SELECT",
      name: "x.yaml",
      text: QUIC.replace(/SELECT received_at[\s\S]*protocol = 17/, "DROP TABLE flows"),
      line: 15,
      reason: /engine refuses/,
    },
    {
      says: "a base that is not there",
      name: "x.yaml",
      text: "indicators:\n  - { id: ab, zh: a, en: a, extends: none_such }\n",
      line: 2,
      reason: /extends none_such, which is not an indicator/,
    },
    {
      says: "two that extend each other",
      name: "x.yaml",
      text: "indicators:\n  - { id: ab, zh: a, en: a, extends: ba }\n  - { id: ba, zh: a, en: a, extends: ab }\n",
      line: 2,
      reason: /extends/,
    },
    {
      says: "a target of no indicator",
      name: "x.yaml",
      text: "targets:\n  - { id: ta, zh: a, en: a, indicator: none, scope: national, value: 1, by: 2030-12, source: s }\n",
      line: 2,
      reason: /indicator none is not in the catalogue/,
    },
    {
      says: "a reported ratio without denominator",
      name: "x.csv",
      text: "series,month,numerator\nstb_share,2026-04,3\n",
      line: 2,
      reason: /either value, or numerator and denominator/,
    },
    {
      says: "a figure of no series",
      name: "x.csv",
      text: "series,month,value\nnone_such,2026-04,3\n",
      line: 2,
      reason: /series none_such is of no indicator/,
    },
    {
      says: "the same figure twice",
      name: "x.csv",
      text: "series,month,value\nlte_users,2026-04,3\nlte_users,2026-04,4\n",
      line: 3,
      reason: /stands already in .*x\.csv:2/,
    },
    {
      says: "a month that is none",
      name: "x.csv",
      text: "series,month,value\nlte_users,2026-13,3\n",
      line: 2,
      reason: /2026-13.*a month such as 2025-06/,
    },
  ])("$says", async ({ name, text, line, reason }) => {
    put("good.yaml", QUIC.replace("id: quic_share", "id: good_share"));
    put(name, text);
    const state = await catalogue.current();
    expect(state.refused[0], JSON.stringify(state.refused)).toMatchObject({ file: inDir(name), line });
    expect(state.refused[0]?.reason).toMatch(reason);
    expect(told).toEqual(state.refused);
    expect(state.indicators.has("quic_share")).toBe(false);
    expect(state.indicators.has("good_share")).toBe(true);
    expect((await catalogue.published(await indicatorOf("traffic_share"), ANY)).total.value).toBeGreaterThan(0);
    put(name, name.endsWith("csv") ? "series,month,value\n" : QUIC);
    expect((await catalogue.current()).refused, "once it is mended").toEqual([]);
  });

  test("what extends an entry of a refused file goes with it", async () => {
    put("a.yaml", QUIC.replace("FROM flows", "FORM flows"));
    put("b.yaml", "indicators:\n  - { id: quic_dalian, zh: a, en: a, extends: quic_share }\n");
    expect(brief(await catalogue.current()).map(([file]) => file)).toEqual([inDir("a.yaml"), inDir("b.yaml")]);
  });

  test("the second file of one id is refused, the first is served", async () => {
    put("a.yaml", QUIC);
    put("b.yaml", QUIC.replace("owner: us", "owner: them"));
    const state = await catalogue.current();
    expect(brief(state)).toEqual([[inDir("b.yaml"), 2]]);
    expect(state.indicators.get("quic_share")?.owner).toBe("us");
  });

  test("one that takes from a built-in indicator what others rest on", async () => {
    put("a.yaml", QUIC.replace("id: quic_share", "id: traffic_share"));
    const state = await catalogue.current();
    expect(state.refused).toMatchObject([
      {
        file: inDir("a.yaml"),
        line: 2,
        reason: expect.stringContaining("replaces a built-in indicator that others rest on"),
      },
    ]);
    expect(state.indicators.get("traffic_share")?.grain).toBe("traffic");
  });

  test("one that the engine refused is judged again after a while, and told once", async () => {
    put("quic.yaml", QUIC);
    let nowMs = Date.now();
    let missing = true;
    const early: Store = {
      ...store,
      query: (query, params) =>
        missing ? Promise.reject(new Fault("STORE_REFUSED", "the table is not there yet")) : store.query(query, params),
    };
    const waiting = openCatalogue({
      store: early,
      dir,
      now: () => nowMs,
      onRefused: (refused) => told.push(...refused),
    });
    expect((await waiting.current()).indicators.has("quic_share")).toBe(false);
    nowMs += 30_001;
    expect(brief(await waiting.current())).toEqual([[inDir("quic.yaml"), 15]]);
    expect(told.length, "told once").toBe(1);
    missing = false;
    nowMs += 29_000;
    expect((await waiting.current()).indicators.has("quic_share"), "not asked for with every question").toBe(false);
    nowMs += 1_001;
    expect((await waiting.current()).indicators.has("quic_share")).toBe(true);
  });

  test("a folder that cannot be read leaves what is built in", async () => {
    const away = openCatalogue({ store, dir: join(dir, "none") });
    const state = await away.current();
    expect(state.refused).toMatchObject([
      { file: join(dir, "none"), line: 0, reason: expect.stringContaining("ENOENT") },
    ]);
    expect(state.indicators.size).toBeGreaterThan(60);
  });
});

test.each([
  {
    says: "a grouping it does not allow",
    question: { ...ANY, by: ["industry"] as const },
    reason: /industry: traffic_share cannot be grouped/,
  },
  {
    says: "a filter it does not allow",
    question: { ...ANY, filters: { object: ["x"] } },
    reason: /object: traffic_share cannot be grouped or filtered/,
  },
])("$says is refused with what is allowed", async ({ question, reason }) => {
  await expect(catalogue.published(await indicatorOf("traffic_share"), question)).rejects.toThrow(reason);
});
