import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeFlows, encodeLedger } from "@v6meter/batch";
import { Random } from "@v6meter/random";
import {
  ACCESS_TYPES,
  FLOW_DIRECTIONS,
  type FlowBatch,
  type Indicator,
  type IndicatorGrouping,
  LABEL_NAMES,
  type LedgerDelta,
  OBSERVATION_POINTS,
  storeConfig,
  TECHNOLOGIES,
} from "@v6meter/schemas";
import { openEmbeddedStore, type Store } from "@v6meter/store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mixedFlows } from "../store/flows.test-data.ts";
import { type Answer, type OpenCatalogue, openCatalogue } from "./index.ts";
import { judge } from "./judge.ts";
import {
  BOOKS,
  completenessOf,
  countedFlows,
  type PlainChange,
  type PlainFlow,
  plainFlowsOf,
  RATES,
  RATIOS,
  SUMS,
} from "./oracle.test-data.ts";

const FROM = "2026-04-29T00:00:00+08:00";
const FROM_MS = Date.parse(FROM);
const DAY_MS = 86_400_000;
/** Over the end of a month in Asia/Shanghai, so that months and days are cut there. */
const SPAN_MS = 4 * DAY_MS;
const PERIOD = { fromMs: FROM_MS, toMs: FROM_MS + SPAN_MS };
const ROWS = 6_000;

/** Flows of every word of the vocabularies, so that no indicator is without any. */
function variedFlows(seed: number): FlowBatch {
  const batch = mixedFlows({ rows: ROWS, seed, fromMs: FROM_MS, spanMs: SPAN_MS });
  const random = new Random(seed + 1);
  const words = {
    technology: Object.keys(TECHNOLOGIES),
    access: Object.keys(ACCESS_TYPES),
    flow_direction: Object.keys(FLOW_DIRECTIONS),
    observation_point: Object.keys(OBSERVATION_POINTS),
    operator: ["unknown", "telecom", "unicom", "mobile", "broadnet"],
  };
  batch.labels = { ...batch.labels, ...words };
  for (const name of LABEL_NAMES.filter((it): it is keyof typeof words => it in words)) {
    for (let row = 0; row < batch.rows; row++) {
      const index = Math.floor(random.next() * words[name].length);
      // Most traffic is native; each other technology has some.
      batch.columns[name][row] =
        name === "technology" && random.next() < 0.6 ? words.technology.indexOf("native") : index;
    }
  }
  return batch;
}

function books(seed: number): (LedgerDelta & { atMs: number })[] {
  const random = new Random(seed);
  const some = (below: number) => Math.floor(random.next() * below);
  const exporters = ["192.0.2.1", "192.0.2.2", "2001:db8:ff::3"];
  return exporters.flatMap((exporter, i) =>
    Array.from({ length: 40 }, () => ({ exporter, atMs: FROM_MS + some(SPAN_MS / 300_000) * 300_000 })).flatMap(
      (of) => [
        { ...of, stage: "receive", outcome: "expected", reason: "", count: i === 1 ? 0 : 900 + some(200) } as const,
        { ...of, stage: "receive", outcome: "lost", reason: "", count: some(90) - 3 } as const,
        { ...of, stage: "receive", outcome: "received", reason: "", count: 800 + some(200) } as const,
        { ...of, stage: "receive", outcome: "dropped", reason: "header_short", count: some(5) } as const,
        { ...of, stage: "decode", outcome: "received", reason: "", count: 800 + some(200) } as const,
        { ...of, stage: "decode", outcome: "dropped", reason: "record_overrun", count: some(20) } as const,
        { ...of, stage: "write", outcome: "received", reason: "", count: 5_000 + some(999) } as const,
      ],
    ),
  );
}

let path: string;
let store: Store;
let catalogue: OpenCatalogue;
const batch = variedFlows(20_260_601);
const flows = plainFlowsOf(batch);
const ledger = books(7);
const changes: PlainChange[] = ledger.map((it) => ({ ...it, count: BigInt(it.count) }));

beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), "v6meter-indicators-"));
  store = await openEmbeddedStore({ path, config: storeConfig.parse({}) });
  await store.migrate();
  const arrow = encodeFlows(batch, { stage: "classify" });
  await store.insert({ table: "flows", arrow, rows: batch.rows, token: randomUUID() });
  await store.insert({ table: "ledger", arrow: encodeLedger(ledger), rows: ledger.length, token: randomUUID() });
  catalogue = openCatalogue({ store, dir: null });
});
afterAll(async () => {
  await store.stop();
  await rm(path, { recursive: true });
});

const builtIn = await openCatalogue({ store: {} as Store, dir: null }).current();
const indicators = [...builtIn.indicators.values()];
const measuredOnes = indicators.filter((it) => it.series === undefined);

async function ask(
  id: string,
  by: IndicatorGrouping[] = [],
  interval: "1h" | "1d" | "1mo" | null = null,
): Promise<Answer> {
  return catalogue.evaluate(builtIn.indicators.get(id) as Indicator, { period: PERIOD, by, interval, filters: {} });
}

test("the catalogue holds what domain.md sections 1 and 5 ask for, each measured one with a second definition here", () => {
  expect(indicators.length).toBeGreaterThanOrEqual(60);
  expect(builtIn.refused).toEqual([]);
  const twice = [RATIOS, SUMS, RATES, BOOKS].flatMap((list) => Object.keys(list)).sort();
  expect(twice).toEqual(measuredOnes.map(({ id }) => id).sort());
});

test.each(measuredOnes)("$id: the engine takes its statement, its columns and types", async (indicator) => {
  expect(await judge(store, indicator)).toBeNull();
});

function total(flows: readonly PlainFlow[], what: (flow: PlainFlow) => readonly [bigint, bigint] | null) {
  const parts = flows.map(what).filter((part) => part !== null);
  return {
    over: parts.reduce((sum, [n]) => sum + n, 0n),
    under: parts.reduce((sum, [, d]) => sum + d, 0n),
    parts: parts.length,
  };
}

const dayOf = (ms: number) => Math.floor((ms - FROM_MS) / DAY_MS) * DAY_MS + FROM_MS;
const monthOf = (ms: number) =>
  Date.parse(`${new Date(ms + 8 * 3_600_000).toISOString().slice(0, 7)}-01T00:00:00+08:00`);

/** Groups by a word and a cut of time, and the figure of each group: the second way to every row of an answer. */
function expected(
  id: string,
  what: (flow: PlainFlow) => readonly [bigint, bigint] | null,
  by: "region" | "operator" | "exporter" | "direction" | "technology" | "access" | "observation_point",
  cut: (ms: number) => number,
  ratio: boolean,
) {
  const groups = Map.groupBy(
    countedFlows(flows, id, by).filter((flow) => what(flow) !== null),
    (flow) => JSON.stringify([cut(flow.atMs), flow[by]]),
  );
  return Object.fromEntries(
    [...groups].map(([key, members]) => {
      const { over, under } = total(members, what);
      return [key, [String(over), ratio ? String(under) : null]];
    }),
  );
}

function rowsOf(answer: Answer, by: IndicatorGrouping) {
  return Object.fromEntries(
    answer.rows
      // A source without any flow that is meant still has its rows of nothing.
      .filter((row) => row.denominator !== "0" && !(row.denominator === null && row.numerator === "0"))
      .map((row) => [JSON.stringify([row.atMs, row.keys[by]]), [row.numerator, row.denominator]]),
  );
}

const withoutNothing = (rows: Record<string, (string | null)[]>) =>
  Object.fromEntries(Object.entries(rows).filter(([, [n, d]]) => d !== "0" && !(d === null && n === "0")));

describe.each(Object.entries(RATIOS))("%s", (id, what) => {
  test("is the oracle's sum over its sum, and its completeness the exporters' by what each gave", async () => {
    const { total: answer } = await ask(id);
    const counted = countedFlows(flows, id, null);
    const { over, under, parts } = total(counted, what);
    expect(parts, "flows behind the figure").toBeGreaterThan(0);
    expect(under).toBeGreaterThan(0n);
    expect([answer.numerator, answer.denominator]).toEqual([String(over), String(under)]);
    expect(answer.value).toBeCloseTo(Number(over) / Number(under), 12);
    const known = [...Map.groupBy(counted, ({ exporter }) => exporter)].flatMap(([exporter, members]) => {
      const completeness = completenessOf(changes, exporter);
      return completeness === null ? [] : [{ completeness, weight: Number(total(members, what).under) }];
    });
    const weight = known.reduce((sum, it) => sum + it.weight, 0);
    const mean = known.reduce((sum, it) => sum + it.weight * it.completeness, 0) / weight;
    expect(answer.completeness).toBeGreaterThan(0);
    expect(answer.completeness).toBeCloseTo(mean, 9);
  });

  test.each([
    ["region", "1d", dayOf],
    ["operator", "1mo", monthOf],
    ["exporter", "1h", (ms: number) => Math.floor(ms / 3_600_000) * 3_600_000],
    ["observation_point", "1mo", monthOf],
  ] as const)("by %s and %s: every row is the oracle's", async (by, interval, cut) => {
    const answer = rowsOf(await ask(id, [by], interval), by);
    expect(Object.keys(answer).length).toBeGreaterThan(1);
    expect(answer).toEqual(withoutNothing(expected(id, what, by, cut, true)));
  });
});

describe.each(Object.entries(SUMS))("%s", (id, what) => {
  test("is the oracle's sum in total, by direction and day, by access and month", async () => {
    const { over, parts } = total(countedFlows(flows, id, null), what);
    expect(parts).toBeGreaterThan(0);
    expect((await ask(id)).total.numerator).toBe(String(over));
    const daily = rowsOf(await ask(id, ["direction"], "1d"), "direction");
    expect(daily).toEqual(withoutNothing(expected(id, what, "direction", dayOf, false)));
    const monthly = rowsOf(await ask(id, ["access"], "1mo"), "access");
    expect(monthly).toEqual(withoutNothing(expected(id, what, "access", monthOf, false)));
  });
});

describe.each(Object.entries(RATES))("%s", (id, { of, what }) => {
  const rate = (members: readonly PlainFlow[]) => {
    const buckets = [...Map.groupBy(members, ({ atMs }) => Math.floor(atMs / 300_000)).values()];
    const sums = buckets.map((bucket) => Number(total(bucket, what).over) * (8 / 300)).sort((a, b) => a - b);
    const at = of === "peak" ? sums.length - 1 : Math.min(sums.length - 1, Math.floor(0.95 * sums.length));
    return sums[at] as number;
  };
  const meant = countedFlows(flows, id, null).filter((flow) => what(flow) !== null);

  test("is the oracle's over sums of 5 minutes: the total of all, never a sum of the rows' rates", async () => {
    const answer = await ask(id, ["operator"]);
    expect(meant.length).toBeGreaterThan(20);
    expect(answer.total.value).toBeCloseTo(rate(meant), 2);
    const byOperator = Map.groupBy(meant, ({ operator }) => operator);
    expect(answer.rows.length).toBe(byOperator.size);
    for (const row of answer.rows)
      expect(row.value, row.keys.operator).toBeCloseTo(rate(byOperator.get(row.keys.operator ?? "") ?? []), 2);
  });
});

test.each(Object.entries(BOOKS))("%s is what the books say, in total and by exporter", async (id, what) => {
  const sums = (of: readonly PlainChange[]) =>
    of.map(what).reduce(([n, d], [over, under]) => [n + over, d + under], [0n, 0n]);
  const answer = await ask(id, ["exporter"]);
  const [over = 0n, under = 0n] = sums(changes);
  expect(over).not.toBe(0n);
  expect(answer.total.numerator).toBe(String(over));
  if (answer.total.denominator !== null) expect(answer.total.denominator).toBe(String(under));
  expect(answer.rows.length).toBe(3);
  for (const row of answer.rows) {
    const [n] = sums(changes.filter(({ exporter }) => exporter === row.keys.exporter));
    expect(row.numerator, row.keys.exporter).toBe(String(n));
  }
});

test("a share of a region is never averaged into the province's: a mean of shares fails", async () => {
  const { rows, total } = await ask("traffic_share", ["region"]);
  const mean = rows.reduce((sum, { value }) => sum + (value ?? 0), 0) / rows.length;
  expect(rows.length).toBe(6);
  expect(Math.abs(mean - (total.value ?? 0))).toBeGreaterThan(0.001);
  const sum = (of: "numerator" | "denominator") => rows.reduce((all, row) => all + BigInt(row[of] ?? 0), 0n);
  expect(total.value).toBe(Number(sum("numerator")) / Number(sum("denominator")));
});
