import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeFlows, encodeLedger, encodeSessions } from "@v6meter/batch";
import { Random } from "@v6meter/random";
import {
  ACCESS_TYPES,
  addressBytes,
  createSessionBatch,
  FLOW_DIRECTIONS,
  type FlowBatch,
  type Indicator,
  type IndicatorGrouping,
  LABEL_NAMES,
  type LedgerDelta,
  OBSERVATION_POINTS,
  SESSION_STATUS_TYPES,
  type SessionLabelName,
  setU64,
  storeConfig,
  TECHNOLOGIES,
} from "@v6meter/schemas";
import { openEmbeddedStore, type Store } from "@v6meter/store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mixedFlows } from "../store/flows.test-data.ts";
import { type Answer, type OpenCatalogue, openCatalogue } from "./index.ts";
import { judge } from "./judge.ts";
import {
  ACTIVE,
  ASSIGNED,
  BOOKS,
  completenessOf,
  countedFlows,
  type PlainChange,
  type PlainFlow,
  type PlainSession,
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
    subscriber_method: ["unknown", "prefix", "session"],
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
  for (let row = 0; row < batch.rows; row++) {
    // Few enough that many come again on other days and in other cities, and that their states are exact.
    const subscriber = 1 + Math.floor(400 * random.next() ** 2);
    setU64(batch.columns.subscriber, row, subscriber * 7_919_000_003);
    setU64(batch.columns.subscriber_prefix, row, subscriber * 10 + Math.floor(random.next() * 2));
    // Sessions tell every user, so that a count is exact; what is estimated is held to an oracle in services/query.
    const access = words.access[batch.columns.access[row] as number] as string;
    const told = words.subscriber_method.indexOf(["idc", "unknown"].includes(access) ? "prefix" : "session");
    batch.columns.subscriber_method[row] = told;
    batch.columns.active_family[row] = [0, 4, 6, 6][Math.floor(random.next() * 4)] as number;
  }
  return batch;
}

function sessionsOf(seed: number): PlainSession[] {
  const random = new Random(seed);
  const oneOf = <T>(words: readonly T[]): T => words[Math.floor(random.next() * words.length)] as T;
  return Array.from({ length: 2_000 }, (_, i): PlainSession => {
    const subscriber = BigInt(1 + Math.floor(random.next() * 400));
    return {
      atMs: FROM_MS + Math.floor(random.next() * SPAN_MS),
      region: oneOf(["210100", "210200", "unknown"]),
      operator: oneOf(["telecom", "unicom"]),
      access: oneOf(["mobile", "fixed"]),
      status: oneOf(["start", "stop", "interim_update"] as const),
      session: BigInt(1 + Math.floor(i / 2)),
      subscriber,
      ipv4: oneOf(["", `10.1.0.${i % 200}`, `100.100.3.${i % 200}`, `59.44.0.${i % 200}`, `192.168.7.${i % 200}`]),
      prefix: oneOf(["", "240e:30c:1:2::"]),
      delegated: oneOf(["", "", "240e:30c:1:100::"]),
    };
  });
}

function sessionBatch(events: readonly PlainSession[]) {
  const batch = createSessionBatch(events.length);
  const { columns } = batch;
  const labels: Record<SessionLabelName, string[]> = {
    operator: ["unknown"],
    region: ["unknown"],
    access: ["unknown"],
  };
  for (const [row, event] of events.entries()) {
    for (const name of ["received_at", "event_at"] as const) setU64(columns[name], row, event.atMs);
    setU64(columns.session, row, Number(event.session));
    setU64(columns.subscriber, row, Number(event.subscriber));
    columns.status_type[row] = SESSION_STATUS_TYPES[event.status];
    for (const [name, text] of [
      ["framed_ip_address", event.ipv4],
      ["framed_ipv6_prefix", event.prefix],
      ["delegated_ipv6_prefix", event.delegated],
    ] as const)
      if (text !== "") columns[name].set(addressBytes(text) as Uint8Array, row * 16);
    for (const name of ["operator", "region", "access"] as const) {
      const known = labels[name].indexOf(event[name]);
      columns[name][row] = known < 0 ? labels[name].push(event[name]) - 1 : known;
    }
  }
  batch.rows = events.length;
  batch.labels = labels;
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
const sessions = sessionsOf(11);
const changes: PlainChange[] = ledger.map((it) => ({ ...it, count: BigInt(it.count) }));

beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), "v6meter-indicators-"));
  store = await openEmbeddedStore({ path, config: storeConfig.parse({}) });
  await store.migrate();
  const arrow = encodeFlows(batch, { stage: "classify" });
  await store.insert({ table: "flows", arrow, rows: batch.rows, token: randomUUID() });
  await store.insert({ table: "ledger", arrow: encodeLedger(ledger), rows: ledger.length, token: randomUUID() });
  const events = encodeSessions(sessionBatch(sessions));
  await store.insert({ table: "sessions", arrow: events, rows: sessions.length, token: randomUUID() });
  catalogue = openCatalogue({ store, dir: null, leastUsers: 1 });
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
  return catalogue.published(builtIn.indicators.get(id) as Indicator, { period: PERIOD, by, interval, filters: {} });
}

test("the catalogue holds what domain.md sections 1 and 5 ask for, each measured one with a second definition here", () => {
  expect(indicators.length).toBeGreaterThanOrEqual(60);
  expect(builtIn.refused).toEqual([]);
  const twice = [RATIOS, SUMS, RATES, BOOKS, ACTIVE, ASSIGNED].flatMap((list) => Object.keys(list)).sort();
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

/** Distinct ones by group: the second way is sets. */
function distinct<T extends { atMs: number; region: string }>(
  all: readonly T[],
  who: (it: T) => bigint | null,
  key: (it: T) => string,
): Record<string, number> {
  const groups = Map.groupBy(
    all.filter((it) => who(it) !== null),
    key,
  );
  return Object.fromEntries([...groups].map(([name, members]) => [name, new Set(members.map(who)).size]));
}

const APRIL = { fromMs: Date.parse("2026-04-01T00:00:00+08:00"), toMs: Date.parse("2026-05-01T00:00:00+08:00") };
const inApril = ({ atMs }: { atMs: number }) => atMs >= APRIL.fromMs && atMs < APRIL.toMs;

describe.each([
  ...Object.entries(ACTIVE).map(([id, who]) => ({ id, all: flows, who }) as const),
  ...Object.entries(ASSIGNED).map(([id, who]) => ({ id, all: sessions, who }) as const),
])("$id", ({ id, all, who }) => {
  const things = all as unknown as readonly (PlainFlow & PlainSession)[];
  const told = who as (it: PlainFlow & PlainSession) => bigint | null;
  const question = (by: IndicatorGrouping[], interval: "1d" | "1mo" | null) => ({
    period: APRIL,
    by,
    interval,
    filters: {},
  });
  const indicator = builtIn.indicators.get(id) as Indicator;

  // States of subscribers are exact up to 8,192 of them; those of prefixes err by 0.6 % (standard deviation).
  const tolerance = id === "active_prefixes" ? 0.025 : 0;
  const expectCounts = (found: readonly (readonly [unknown, number | null])[], sets: Record<string, number>) => {
    expect(found.map(([name]) => String(name)).sort()).toEqual(Object.keys(sets).sort());
    for (const [name, value] of found) {
      const exact = sets[String(name)] as number;
      expect(Math.abs((value ?? 0) - exact), `${name}: ${value}, not ${exact}`).toBeLessThanOrEqual(exact * tolerance);
    }
  };

  test("counts each once in a month, a day and a region, and once in the total of several", async () => {
    const april = things.filter(inApril);
    const byRegion = await catalogue.published(indicator, question(["region"], null));
    const sets = distinct(april, told, (it) => it.region);
    expect(byRegion.rows.length).toBeGreaterThan(1);
    expectCounts(
      byRegion.rows.map(({ keys, value }) => [keys.region, value]),
      sets,
    );
    const all = distinct(april, told, () => "all");
    expectCounts([["all", byRegion.total.value]], all);
    expect(all.all).toBeLessThan(Object.values(sets).reduce((sum, users) => sum + users, 0));
    const byDay = await catalogue.published(indicator, question([], "1d"));
    expectCounts(
      byDay.rows.map(({ atMs, value }) => [atMs, value]),
      distinct(april, told, (it) => String(dayOf(it.atMs))),
    );
    expect(byDay.total.value, "by days as by months").toBe(byRegion.total.value);
  });

  test("months apart have no total: the keys of identities change with them", async () => {
    const { rows, total } = await ask(id, [], "1mo");
    expect(rows.length).toBe(2);
    expectCounts(
      rows.map(({ atMs, value }) => [atMs, value]),
      distinct(things, told, (it) => String(monthOf(it.atMs))),
    );
    expect(total.value).toBeNull();
    await expect(ask(id)).rejects.toThrow("within a month of Asia/Shanghai");
  });
});

test("the coverage beside active prefixes is the part of active prefixes that was seen with a session", async () => {
  const april = flows.filter((it) => inApril(it) && it.activeFamily === 6);
  const prefixes = new Set(april.map(({ prefix }) => prefix));
  const seen = new Set(april.filter(({ bySession }) => bySession).map(({ prefix }) => prefix));
  const { total } = await catalogue.published(builtIn.indicators.get("active_prefixes") as Indicator, {
    period: APRIL,
    by: [],
    interval: null,
    filters: {},
  });
  expect(total.coverage).toBeGreaterThan(0.1);
  expect(total.coverage).toBeLessThan(0.99);
  // Two states, each with 0.6 % standard deviation.
  expect(Math.abs((total.coverage ?? 0) - seen.size / prefixes.size)).toBeLessThan(0.02);
});

test("a share of a region is never averaged into the province's: a mean of shares fails", async () => {
  const { rows, total } = await ask("traffic_share", ["region"]);
  const mean = rows.reduce((sum, { value }) => sum + (value ?? 0), 0) / rows.length;
  expect(rows.length).toBe(6);
  expect(Math.abs(mean - (total.value ?? 0))).toBeGreaterThan(0.001);
  const sum = (of: "numerator" | "denominator") => rows.reduce((all, row) => all + BigInt(row[of] ?? 0), 0n);
  expect(total.value).toBe(Number(sum("numerator")) / Number(sum("denominator")));
});
