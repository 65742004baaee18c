import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type api, queryConfig } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { get, insertFlows, KEY, openTestStore, type TestFlow, testService } from "./province.test-data.ts";

const CITIES = ["210100", "210200", "210300", "210400", "210500", "210600"];
const OPERATORS = ["telecom", "unicom"];
const ACCESSES = ["mobile", "fixed"];
/** Months and the cities in which sessions tell the subscribers. */
const MONTHS = { "2026-03": CITIES, "2026-04": CITIES.slice(0, 3), "2026-05": [] as string[] } as const;
type Month = keyof typeof MONTHS;
const DAYS = ["03", "04", "17"];

interface Seen {
  readonly day: string;
  readonly region: string;
  readonly operator: string;
  readonly access: string;
  readonly subscriber: bigint;
  readonly prefix: bigint;
  readonly bySession: boolean;
}

/** Spread over 64 bits, as hashes are, and never in the panel, whose Chao1 is not this test's. */
const hash = (value: number, salt: number) =>
  (((BigInt(value) + 1n) * 0x9e37_79b9_7f4a_7c15n * BigInt(2 * salt + 1)) & 0xffff_ffff_ffff_ff80n) | 33n;

/** Users with one to four prefixes; most on every day, some on one; every eighteenth seen in the next city too. */
const SEEN: readonly Seen[] = (Object.keys(MONTHS) as Month[]).flatMap((month, m) =>
  CITIES.flatMap((region, c) =>
    OPERATORS.flatMap((operator, o) =>
      ACCESSES.flatMap((access, a) =>
        Array.from({ length: 36 + 5 * c + 3 * o + a }, (_, u) => {
          const user = ((m * 10 + c) * 10 + o) * 10 + a;
          const places = u % 18 === 0 ? [region, CITIES[(c + 1) % CITIES.length] as string] : [region];
          const days = u % 4 === 0 ? DAYS.slice(u % 3, (u % 3) + 1) : DAYS;
          return days.flatMap((day) =>
            places.flatMap((place) =>
              Array.from({ length: 1 + (u % (2 + (c % 2))) + a }, (_, p) => ({
                day: `${month}-${day}`,
                region: place,
                operator,
                access,
                subscriber: hash(user * 1_000 + u, 1),
                prefix: hash((user * 1_000 + u) * 10 + p, 2),
                bySession: (MONTHS[month] as readonly string[]).includes(place),
              })),
            ),
          );
        }).flat(),
      ),
    ),
  ),
);

/** Too few of one operator's fixed access in one city of another month, by sessions. */
const FEW: readonly Seen[] = [
  ["210100", "telecom", 40],
  ["210200", "telecom", 30],
  ["210100", "unicom", 50],
  ["210200", "unicom", 4],
].flatMap(([region, operator, users], i) =>
  Array.from({ length: users as number }, (_, u) => ({
    day: "2026-06-03",
    region: region as string,
    operator: operator as string,
    access: "fixed",
    subscriber: hash(900_000 + i * 100 + u, 1),
    prefix: hash(900_000 + i * 100 + u, 2),
    bySession: true,
  })),
);

const RULES = `scoring:
  - id: users_rule
    version: 1
    zh: 用户
    en: Users
    source: ours
    subject: operator
    items: [{ indicator: active_connections, weight: 1, zero: 0, full: 1000 }]
  - id: few_rule
    version: 1
    zh: 少数
    en: Few
    source: ours
    subject: operator
    missing: skip
    items:
      - { indicator: active_connections, weight: 1, zero: 0, full: 100, where: { region: ["210200"] } }
      - { indicator: v4_volume, weight: 1, zero: 0, full: 1 }
targets:
  - { id: half_target, zh: 半, en: Half, indicator: active_connections, where: { operator: [unicom] }, scope: provincial, value: 1000, by: 2099-12, source: ours }
  - { id: few_target, zh: 少, en: Few, indicator: active_connections, where: { operator: [unicom], region: ["210200"] }, scope: provincial, value: 10, by: 2099-12, source: ours }
`;

let store: Store;
let close: () => Promise<void>;
let service: ReturnType<typeof testService>;
let dir: string;

beforeAll(async () => {
  ({ store, close } = await openTestStore());
  dir = mkdtempSync(join(tmpdir(), "v6meter-catalogue-"));
  writeFileSync(join(dir, "users.yaml"), RULES);
  service = testService(store, { config: queryConfig.parse({ http: "127.0.0.1:0", catalogue_dir: dir }) });
  await insertFlows(
    store,
    [...SEEN, ...FEW].map(
      ({ day, prefix, bySession, ...it }): TestFlow => ({
        ...it,
        at: `${day}T08:00:00+08:00`,
        subscriber_prefix: prefix,
        subscriber_method: bySession ? "session" : "prefix",
        active_family: 6,
        flow_direction: "up",
      }),
    ),
  );
});
afterAll(async () => {
  await service.stop();
  await close();
  rmSync(dir, { recursive: true, force: true });
});

async function ask<T>(url: string): Promise<T> {
  const { status, body } = await get(service, url);
  expect(status, `${url}: ${JSON.stringify(body)}`).toBe(200);
  return body as T;
}
const users = (query: string) => ask<api.ActiveUsers>(`/api/v1/users/active?${query}`);
const indicator = (id: string, query: string) => ask<api.IndicatorFigures>(`/api/v1/indicators/${id}?${query}`);

type Words = Partial<Record<"region" | "operator" | "access" | "family", string | undefined>>;
const keyOf = (row: Words) => [row.region, row.operator, row.access, row.family].join(" ");
const ofUsers = (it: api.ActiveUsers["total"]) => ({
  value: it.users,
  method: it.method,
  coverage: it.coverage,
  low: it.low,
  high: it.high,
  suppressed: it.suppressed,
});
const ofIndicator = (it: api.IndicatorFigures["total"]) => ({
  value: it.value,
  method: it.method,
  coverage: it.coverage,
  low: it.low,
  high: it.high,
  suppressed: it.suppressed ?? false,
});

const DIMENSIONS = ["region", "operator", "access", "family"];
/** Every set of them, the empty one too. */
const GROUPINGS = Array.from({ length: 2 ** DIMENSIONS.length }, (_, set) =>
  DIMENSIONS.filter((_, bit) => (set >> bit) & 1),
);

describe.each([...Object.keys(MONTHS), "2026-06"])("in %s the indicator and users/active are one answer", (month) => {
  test.each(GROUPINGS.map((by) => ({ by })))("by $by, for the month and its days", async (asked) => {
    const by = asked.by.map((name) => `&by=${name}`).join("") + (asked.by.includes("family") ? "&family=6" : "");
    const monthly = await indicator("active_connections", `month=${month}${by}`);
    const named = await users(`month=${month}${by}`);
    expect(monthly.rows.length).toBeGreaterThan(0);
    expect(monthly.rows.map((row) => [keyOf(row), ofIndicator(row)])).toEqual(
      named.rows.map((row) => [keyOf(row), ofUsers(row)]),
    );
    expect(ofIndicator(monthly.total)).toEqual(ofUsers(named.total));

    const daily = await indicator("active_connections", `month=${month}&interval=1d${by}`);
    const days = [...new Set(daily.rows.map(({ at }) => at?.slice(0, 10) ?? ""))];
    expect(days).toEqual(month === "2026-06" ? ["2026-06-03"] : DAYS.map((day) => `${month}-${day}`));
    for (const day of days) {
      const ofDay = await users(`day=${day}${by}`);
      expect(daily.rows.filter(({ at }) => at?.startsWith(day)).map((row) => [keyOf(row), ofIndicator(row)])).toEqual(
        ofDay.rows.map((row) => [keyOf(row), ofUsers(row)]),
      );
    }
    expect(ofIndicator(daily.total)).toEqual(ofUsers(named.total));
  });

  test("restricted by the indicator, by a filter, and by both", async () => {
    const mobile = await indicator("mobile_active_connections", `month=${month}&by=region&operator=unicom`);
    const named = await users(`month=${month}&by=region&operator=unicom&access=mobile`);
    expect(mobile.rows.map((row) => [keyOf(row), ofIndicator(row)])).toEqual(
      named.rows.map((row) => [keyOf(row), ofUsers(row)]),
    );
    expect(ofIndicator(mobile.total)).toEqual(ofUsers(named.total));
    const neither = await indicator("mobile_active_connections", `month=${month}&access=fixed`);
    expect(neither.rows).toEqual([]);
    expect(neither.total.value).toBeNull();
  });
});

/** The ladder a second time, by sets: users of a group, and how they were told. */
function oracle(within: (it: Seen) => boolean, of: (it: Seen) => boolean): { users: number | null; method: string } {
  const seen = SEEN.filter(within);
  const cell = ({ region, operator, access }: Seen) => `${operator} ${access} ${region}`;
  const cells = [...Map.groupBy(seen, cell)].map(([name, all]) => {
    const told = all.filter(({ bySession }) => bySession);
    const told_prefixes = new Set(told.map(({ prefix }) => prefix)).size;
    const prefixes = new Set(all.map(({ prefix }) => prefix)).size;
    const people = new Set(told.map(({ subscriber }) => subscriber)).size;
    return { name, all, people, told_prefixes, prefixes, covered: told_prefixes / prefixes >= 0.98 };
  });
  const network = (name: string) => name.slice(0, name.lastIndexOf(" "));
  const asked = cells.filter(({ all }) => all.some(of));
  const extra = asked.map(({ name, told_prefixes, prefixes, covered }) => {
    if (covered) return 0;
    const teachers = cells.filter((it) => it.covered && it.people >= 30 && network(it.name) === network(name));
    if (teachers.length === 0) return null;
    const product = teachers.reduce((all, it) => all * (it.people / it.told_prefixes), 1);
    return (prefixes - told_prefixes) * product ** (1 / teachers.length);
  });
  const told = new Set(seen.filter((it) => of(it) && it.bySession).map(({ subscriber }) => subscriber)).size;
  if (extra.every((it) => it === null)) return { users: null, method: "prefixes" };
  const method = extra.includes(null) ? "partial" : asked.every(({ covered }) => covered) ? "aaa" : "ratio";
  return { users: told + extra.reduce<number>((sum, it) => sum + (it ?? 0), 0), method };
}

test.each(Object.keys(MONTHS))("in %s every figure is the oracle's", async (month) => {
  for (const [query, cut] of [
    [`month=${month}`, (it: Seen) => it.day.startsWith(month)],
    [`day=${month}-04`, (it: Seen) => it.day === `${month}-04`],
  ] as const) {
    const { rows, total } = await indicator("active_connections", `${query}&by=region,operator`);
    const groups = [...new Set(SEEN.filter(cut).map((it) => `${it.region} ${it.operator}`))].sort();
    expect(rows.map(({ region, operator }) => `${region} ${operator}`)).toEqual(groups);
    for (const [figure, of] of [
      ...rows.map((row) => [row, (it: Seen) => it.region === row.region && it.operator === row.operator] as const),
      [total, () => true] as const,
    ]) {
      const { users, method } = oracle(cut, of);
      expect(figure.method).toBe(method);
      // Prefixes are counted in states that err by 0.6 % (standard deviation).
      if (users === null) expect(figure).toMatchObject({ value: null, low: null, high: null });
      else if (method === "aaa") expect(figure.value).toBe(users);
      else expect(Math.abs((figure.value ?? 0) - users) / users).toBeLessThan(0.025);
    }
  }
});

test("a province with sessions in half of its cities counts more than those they cover, within the interval", async () => {
  const { total } = await indicator("active_connections", "month=2026-04");
  const april = SEEN.filter(({ day }) => day.startsWith("2026-04"));
  const covered = new Set(april.filter(({ bySession }) => bySession).map(({ subscriber }) => subscriber)).size;
  const truth = new Set(april.map(({ subscriber }) => subscriber)).size;
  expect(total.method).toBe("ratio");
  expect(total.value).toBeGreaterThan(covered * 1.3);
  expect(total.low).toBeLessThan(truth);
  expect(total.high).toBeGreaterThan(truth);
});

test("no session at all: no value, and prefixes are never called users", async () => {
  const { rows, total } = await indicator("active_connections", "month=2026-05&by=region");
  for (const figure of [...rows, total])
    expect(figure).toMatchObject({ value: null, numerator: null, method: "prefixes", coverage: 0 });
  const prefixes = await indicator("active_prefixes", "month=2026-05");
  expect(prefixes.total).toMatchObject({ coverage: 0, completeness: null });
  expect(prefixes.total.value).toBeGreaterThan(500);
  expect(prefixes.total.method).toBeUndefined();
});

test("the CSV tells method, coverage and interval of users, and of nothing else", async () => {
  const csv = async (id: string) =>
    (
      await service.app.inject({
        url: `/api/v1/indicators/${id}?month=2026-04&by=operator`,
        headers: {
          authorization: `Bearer ${KEY}`,
          accept: "text/csv",
        },
      })
    ).body.split("\r\n");
  const [head, first] = await csv("active_connections");
  expect(head).toBe("operator,value,numerator,denominator,completeness,method,coverage,low,high");
  expect(first).toMatch(/^telecom,\d+,\d+,,,ratio,0\.\d+,\d+,\d+$/);
  expect((await csv("traffic_share"))[0]).toBe("operator,value,numerator,denominator,completeness");
});

describe("scores and targets", () => {
  const evaluation = (rule: string, month: string) =>
    ask<api.Evaluations>(`/api/v1/evaluations?rule=${rule}&month=${month}`);

  test("a score over users is opened to how they were told", async () => {
    const { subjects } = await evaluation("users_rule", "2026-04");
    const { rows } = await users("month=2026-04&by=operator");
    expect(subjects.length).toBe(2);
    for (const { subject, items, score } of subjects) {
      const named = rows.find(({ operator }) => operator === subject);
      expect(items[0]?.figure).toMatchObject({
        value: named?.users,
        method: "ratio",
        low: named?.low,
        high: named?.high,
      });
      expect(score).toBeCloseTo((named?.users ?? 0) / 10, 6);
    }
  });

  test("a suppressed cell gives no points, and neither its score nor its rank tells it", async () => {
    const { subjects } = await evaluation("few_rule", "2026-06");
    const hidden = subjects.map(({ items }) => items[0]);
    expect(hidden.length).toBe(2);
    for (const item of hidden) {
      expect(item?.points).toBeNull();
      expect(item?.figure).toMatchObject({ value: null, numerator: null, low: null, high: null, suppressed: true });
    }
    expect(subjects.map(({ score }) => score)).toEqual([0, 0]);
  });

  test("a target says how its users were told, and nothing of a suppressed month", async () => {
    const { targets } = await ask<api.Targets>("/api/v1/targets?indicator=active_connections");
    const named = await users("month=2026-06&operator=unicom");
    const half = targets.find(({ id }) => id === "half_target");
    expect(half?.current).toEqual({
      month: "2026-06",
      value: named.total.users,
      method: "aaa",
      coverage: 1,
      low: named.total.low,
      high: named.total.high,
    });
    const few = targets.find(({ id }) => id === "few_target");
    const april = await users("month=2026-04&operator=unicom&region=210200");
    expect(few?.current).toMatchObject({ month: "2026-04", value: april.total.users, method: "aaa" });
    expect(few?.progress).toBeCloseTo((april.total.users ?? 0) / 10, 9);
  });
});
