import type { api } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  get,
  insertFlows,
  insertSessions,
  openTestStore,
  type TestFlow,
  type TestSession,
  testService,
} from "./province.test-data.ts";

let store: Store;
let close: () => Promise<void>;
let service: ReturnType<typeof testService>;

beforeAll(async () => {
  ({ store, close } = await openTestStore());
  service = testService(store);
});

afterAll(async () => {
  await service.stop();
  await close();
});

async function users<T>(meter: string, query: string): Promise<T> {
  const { status, body } = await get(service, `/api/v1/users/${meter}?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body as T;
}
const active = (query: string) => users<api.ActiveUsers>("active", query);

let nextMonth = 0;
/** A month of its own for each test, so that none sees the users of another: `at("08", "12:00:00")` lies in it. */
function aMonth() {
  const number = nextMonth++;
  const month = `${2030 + Math.floor(number / 12)}-${String((number % 12) + 1).padStart(2, "0")}`;
  return { month, at: (day: string, time = "12:00:00") => `${month}-${day}T${time}+08:00` };
}

const range = (length: number, from = 0) => Array.from({ length }, (_, i) => from + i);
/** A hash that no test means anything by; the panel takes those that 64 divides. */
const hash = (i: number, group = 0) => BigInt(1 + i) * 64n + 1n + BigInt(group) * 1_000_000_007n * 64n;
const panelHash = (i: number) => BigInt(1 + i) * 64n;

/** An active flow of a subscriber whom a session told. */
function seen(at: string, subscriber: bigint, flow: Partial<TestFlow> = {}): TestFlow {
  return {
    at,
    flow_direction: "up",
    subscriber,
    subscriber_prefix: subscriber ^ 0x5a5a_0000n,
    subscriber_method: "session",
    active_family: 6,
    ...flow,
  };
}

/** An active flow of a prefix that no session told anything of. */
function prefixSeen(at: string, prefix: bigint, flow: Partial<TestFlow> = {}): TestFlow {
  return seen(at, prefix, { subscriber_prefix: prefix, subscriber_method: "prefix", ...flow });
}

describe("active connections", () => {
  test("a user with only what active_family leaves out, or who was only sent to, is not active", async () => {
    const { month, at } = aMonth();
    await insertFlows(store, [
      ...range(20).map((i) => seen(at("03"), hash(i))),
      ...range(30, 100).map((i) => seen(at("03"), hash(i), { active_family: 0 })),
      ...range(30, 200).map((i) => seen(at("03"), hash(i), { active_family: 0, flow_direction: "down" })),
    ]);
    const { total } = await active(`month=${month}`);
    expect(total).toMatchObject({ method: "aaa", users: 20, low: 20, high: 20, coverage: 1, active_prefixes: 20 });
  });

  test("a phone of many prefixes is one user, on one day and over a month", async () => {
    const { month, at } = aMonth();
    await insertFlows(
      store,
      range(15).flatMap((i) =>
        range(12).map((k) =>
          seen(at(String(1 + (k % 4)).padStart(2, "0")), hash(i), { subscriber_prefix: hash(i * 100 + k, 1) }),
        ),
      ),
    );
    expect((await active(`month=${month}`)).total).toMatchObject({ users: 15, active_prefixes: 180 });
    expect((await active(`day=${month}-02`)).total).toMatchObject({ users: 15, active_prefixes: 45 });
    expect((await active(`day=${month}-05`)).total).toMatchObject({
      users: null,
      active_prefixes: 0,
      method: "prefixes",
    });
  });

  test("a user on a router's own address has no prefix, and is a user", async () => {
    const { month, at } = aMonth();
    await insertFlows(store, [
      ...range(20).map((i) => seen(at("03"), hash(i))),
      ...range(15, 20).map((i) => seen(at("03"), hash(i), { subscriber_prefix: 0n })),
    ]);
    expect((await active(`month=${month}`)).total).toMatchObject({ users: 35, active_prefixes: 20, coverage: 1 });
  });

  test("days and months are cut at UTC+8, and 30 rolling days span months", async () => {
    const users = (from: number) => range(10, from).map((i) => hash(i));
    await insertFlows(store, [
      ...users(0).map((subscriber) => seen("2029-03-31T15:59:59Z", subscriber)),
      ...users(100).map((subscriber) => seen("2029-03-31T16:00:00Z", subscriber)),
      ...users(200).map((subscriber) => seen("2029-04-01T15:59:59Z", subscriber)),
      ...users(300).map((subscriber) => seen("2029-04-01T16:00:00Z", subscriber)),
      ...users(300).map((subscriber) => seen("2029-04-30T15:59:59Z", subscriber)),
      ...users(400).map((subscriber) => seen("2029-04-30T16:00:00Z", subscriber)),
    ]);
    const april = await active("month=2029-04");
    expect(april.period).toEqual({
      from: "2029-04-01T00:00:00+08:00",
      to: "2029-05-01T00:00:00+08:00",
      zone: "Asia/Shanghai",
    });
    expect(april.total.users).toBe(30);
    expect((await active("day=2029-04-01")).total.users).toBe(20);
    const rolling = await active("rolling30d=2029-05-01");
    expect(rolling.period).toMatchObject({ from: "2029-04-02T00:00:00+08:00", to: "2029-05-02T00:00:00+08:00" });
    expect(rolling.total.users).toBe(20);
    expect((await active("rolling30d=2029-04-01")).total.users).toBe(30);
  });

  test("a user seen in two cities counts in each, and once in the total", async () => {
    const { month, at } = aMonth();
    await insertFlows(store, [
      ...range(20).map((i) => seen(at("03"), hash(i), { region: "210100" })),
      ...range(20, 5).map((i) => seen(at("04"), hash(i), { region: "210200" })),
    ]);
    const { rows, total } = await active(`month=${month}&by=region`);
    expect(rows.map(({ region, users }) => [region, users])).toEqual([
      ["210100", 20],
      ["210200", 20],
    ]);
    expect(total.users).toBe(25);
  });

  test("by family, a user of both counts in each and once in the total; without it only IPv6 is asked for", async () => {
    const { month, at } = aMonth();
    await insertFlows(store, [
      ...range(20).map((i) => seen(at("03"), hash(i))),
      ...range(30, 10).map((i) => seen(at("03"), hash(i), { family: 4, active_family: 4 })),
    ]);
    const { rows, total } = await active(`month=${month}&by=family`);
    expect(rows.map(({ family, users }) => [family, users])).toEqual([
      ["4", 30],
      ["6", 20],
    ]);
    expect(total.users).toBe(40);
    expect((await active(`month=${month}`)).total.users).toBe(20);
    expect((await active(`month=${month}&family=4`)).total.users).toBe(30);
  });

  test("mobile, fixed, IoT and enterprise are apart; data centres are no users unless asked for", async () => {
    const { month, at } = aMonth();
    const accesses = ["mobile", "fixed", "iot", "enterprise", "idc"];
    await insertFlows(
      store,
      accesses.flatMap((access, k) => range(10 + k).map((i) => seen(at("03"), hash(i, k), { access }))),
    );
    const { rows, total } = await active(`month=${month}&by=access`);
    expect(Object.fromEntries(rows.map(({ access, users }) => [access, users]))).toEqual({
      mobile: 10,
      fixed: 11,
      iot: 12,
      enterprise: 13,
    });
    expect(total.users).toBe(46);
    expect((await active(`month=${month}&access=idc`)).total.users).toBe(14);
  });

  test("every dimension groups and filters, alone and together", async () => {
    const { month, at } = aMonth();
    const flow = (k: 0 | 1): Partial<TestFlow> => ({
      region: ["210100", "210200"][k] as string,
      operator: ["mobile", "unicom"][k] as string,
      access: ["fixed", "mobile"][k] as string,
    });
    await insertFlows(store, [
      ...range(30).map((i) => seen(at("03"), hash(i), flow(0))),
      ...range(40, 30).map((i) => seen(at("03"), hash(i), flow(1))),
    ]);
    for (const [dimension, values] of Object.entries({
      region: ["210100", "210200"],
      operator: ["mobile", "unicom"],
      access: ["fixed", "mobile"],
    })) {
      const { rows } = await active(`month=${month}&by=${dimension}`);
      expect(rows.map((row) => [row[dimension as "region"], row.users])).toEqual([
        [values[0], 30],
        [values[1], 40],
      ]);
      expect((await active(`month=${month}&${dimension}=${values[1]}`)).total.users).toBe(40);
      const both = await active(`month=${month}&${dimension}=${values[0]}&${dimension}=${values[1]}`);
      expect(both.total.users).toBe(70);
    }
    const { rows } = await active(`month=${month}&by=region,operator,access`);
    expect(rows).toMatchObject([
      { ...flow(0), users: 30 },
      { ...flow(1), users: 40 },
    ]);
    expect((await active(`month=${month}&region=210100&operator=unicom`)).total).toMatchObject({ active_prefixes: 0 });
  });
});

describe("the ladder", () => {
  /** Cities whose users have four prefixes each; those at the front of the list have sessions. */
  const city = (at: string, k: number, told: boolean, flow: Partial<TestFlow> = {}) =>
    range(60).flatMap((i) =>
      range(4).map((p) => {
        const place = { region: `21${String(k + 1).padStart(2, "0")}00`, ...flow };
        const prefix = hash(i * 4 + p, 50 + k);
        return told ? seen(at, hash(i, k), { subscriber_prefix: prefix, ...place }) : prefixSeen(at, prefix, place);
      }),
    );

  test("every figure carries method, coverage and interval, and a city without sessions is told by ratio", async () => {
    const { month, at } = aMonth();
    await insertFlows(store, [...range(4).flatMap((k) => city(at("03"), k, true)), ...city(at("03"), 4, false)]);
    const { rows, total } = await active(`month=${month}&by=region`);
    expect(rows.slice(0, 4)).toEqual(
      range(4).map((k) =>
        expect.objectContaining({ region: `210${k + 1}00`, method: "aaa", users: 60, low: 60, high: 60, coverage: 1 }),
      ),
    );
    const [estimated] = rows.slice(4);
    expect(estimated).toMatchObject({ region: "210500", method: "ratio", users: 60, session_users: 0, coverage: 0 });
    expect(estimated?.low).toBeLessThan(60);
    expect(estimated?.high).toBeGreaterThan(60);
    expect(total).toMatchObject({ method: "ratio", users: 300, session_users: 240 });
    expect(total.coverage).toBeCloseTo(0.8, 2);
    expect(total.low).toBeGreaterThan(240);
    expect(total.high).toBeLessThan(400);
  });

  test("the ratio is learned in the whole province, whatever a filter keeps", async () => {
    const { month, at } = aMonth();
    await insertFlows(store, [...range(3).flatMap((k) => city(at("03"), k, true)), ...city(at("03"), 3, false)]);
    expect((await active(`month=${month}&region=210400`)).total).toMatchObject({ method: "ratio", users: 60 });
  });

  test("an operator without any session has active prefixes and no users figure", async () => {
    const { month, at } = aMonth();
    await insertFlows(store, [
      ...city(at("03"), 0, true),
      ...city(at("03"), 0, false, { operator: "broadnet" }).map((flow) => ({
        ...flow,
        subscriber_prefix: (flow.subscriber_prefix ?? 0n) + 7n,
      })),
    ]);
    const { rows, total } = await active(`month=${month}&by=operator`);
    expect(rows).toMatchObject([
      { operator: "broadnet", method: "prefixes", users: null, low: null, high: null, active_prefixes: 240 },
      { operator: "telecom", method: "aaa", users: 60 },
    ]);
    expect(total).toMatchObject({ method: "partial", users: 60, low: 60, high: null, unestimated_prefixes: 240 });
  });

  test("30 rolling days over a change of the key have no users figure, and say when it changed", async () => {
    await insertFlows(store, [
      ...range(20).map((i) => seen("2028-05-31T12:00:00+08:00", hash(i))),
      ...range(20).map((i) => seen("2028-06-01T12:00:00+08:00", hash(i, 9))),
    ]);
    await insertSessions(store, [
      { at: "2028-05-20T12:00:00+08:00", subscriber: 5n, rotates_at: "2028-06-01T00:00:00+08:00" },
    ]);
    const rolling = await active("rolling30d=2028-06-10&by=region");
    expect(rolling.key_rotations).toEqual(["2028-06-01T00:00:00+08:00"]);
    expect(rolling.total).toMatchObject({ method: "prefixes", users: null, session_users: null, active_prefixes: 40 });
    expect(rolling.rows).toMatchObject([{ users: null }]);
    for (const month of ["2028-05", "2028-06"]) {
      expect(await active(`month=${month}`)).toMatchObject({ key_rotations: [], total: { users: 20 } });
    }
  });
});

describe("small cells", () => {
  const place = (region: string, operator: string, count: number, group: number, at: string) =>
    range(count).map((i) => seen(at, hash(i, group), { region, operator }));

  test("fewer than 10 users are suppressed, with one figure beside them, and the total is shown", async () => {
    const { month, at } = aMonth();
    await insertFlows(store, [
      ...place("210100", "telecom", 50, 1, at("03")),
      ...place("210200", "telecom", 30, 2, at("03")),
      ...place("210300", "telecom", 9, 3, at("03")),
    ]);
    const { rows, total, min_cell_users } = await active(`month=${month}&by=region`);
    expect(min_cell_users).toBe(10);
    expect(rows.map(({ region, users, suppressed }) => [region, users, suppressed])).toEqual([
      ["210100", 50, false],
      ["210200", null, true],
      ["210300", null, true],
    ]);
    expect(Object.values(rows[2] ?? {}).filter((value) => typeof value === "number")).toEqual([]);
    expect(total).toMatchObject({ users: 89, suppressed: false });
  });

  test("what one question hides, no filter, slice or sum of another tells", async () => {
    const { month, at } = aMonth();
    await insertFlows(store, [
      ...place("210100", "telecom", 5, 1, at("03")),
      ...place("210100", "unicom", 40, 2, at("03")),
      ...place("210100", "mobile", 60, 3, at("03")),
      ...place("210200", "telecom", 70, 4, at("03")),
      ...place("210200", "unicom", 80, 5, at("03")),
      ...place("210200", "mobile", 90, 6, at("03")),
    ]);
    const table = await active(`month=${month}&by=region,operator`);
    const hidden = table.rows.filter(({ suppressed }) => suppressed).map((row) => [row.region, row.operator]);
    // Two in each line that has any: the small one, its companions along both dimensions, and theirs.
    expect(hidden).toEqual([
      ["210100", "telecom"],
      ["210100", "unicom"],
      ["210200", "telecom"],
      ["210200", "unicom"],
    ]);
    for (const [region, operator] of hidden) {
      const one = await active(`month=${month}&region=${region}&operator=${operator}`);
      expect(one.total, `${region} ${operator}`).toMatchObject({ users: null, suppressed: true });
    }
    const slice = await active(`month=${month}&region=210100&by=operator`);
    expect(slice.rows.map(({ operator, users }) => [operator, users])).toEqual([
      ["mobile", 60],
      ["telecom", null],
      ["unicom", null],
    ]);
    expect(slice.total.users).toBe(105);
    const pair = await active(`month=${month}&region=210100&operator=telecom&operator=mobile`);
    expect(pair.total).toMatchObject({ users: null, suppressed: true });
  });

  test("the least is a setting", async () => {
    const { month, at } = aMonth();
    await insertFlows(store, place("210100", "telecom", 9, 1, at("03")));
    expect((await active(`month=${month}`)).total).toMatchObject({ users: null, suppressed: true });
    const open = testService(store, {
      config: { ...(await import("@v6meter/schemas")).queryConfig.parse({}), min_cell_users: 9 },
    });
    const { body } = await get(open, `/api/v1/users/active?month=${month}`);
    expect(body.total).toMatchObject({ users: 9, suppressed: false });
    await open.stop();
  });
});

describe("by sessions alone", () => {
  const session = (at: string, subscriber: bigint, event: Partial<TestSession> = {}): TestSession => ({
    at,
    subscriber,
    ...event,
  });

  test("users assigned IPv6 need no traffic; an update, a stop and a second address count nobody twice", async () => {
    const { month, at } = aMonth();
    await insertSessions(store, [
      ...range(20).map((i) => session(at("03"), hash(i), { ipv6_prefix: `240e:404:${i}::` })),
      ...range(20).map((i) => session(at("09"), hash(i), { status: "stop", ipv6_prefix: `240e:405:${i}::` })),
      ...range(15, 20).map((i) =>
        session(at("04"), hash(i), { status: "interim_update", delegated_prefix: "240e:30c:1:100::", access: "fixed" }),
      ),
      ...range(12, 40).map((i) => session(at("04"), hash(i), { ipv4: "100.64.0.9" })),
      ...range(12, 60).map((i) => session(at("04"), hash(i), { ipv6_prefix: "fd00::" })),
    ]);
    const { rows, total, name } = await users<api.AssignedUsers>("assigned", `month=${month}&by=access`);
    expect(name.zh).toBe("已分配IPv6地址用户数");
    expect(rows.map(({ access, users, method }) => [access, users, method])).toEqual([
      ["fixed", 15, "aaa"],
      ["mobile", 20, "aaa"],
    ]);
    expect(total).toMatchObject({ users: 35, low: 35, high: 35, coverage: null });
    expect((await users<api.AssignedUsers>("assigned", `day=${month}-09`)).total.users).toBe(20);
  });

  test("without a session there is no figure, rather than nobody", async () => {
    const { month } = aMonth();
    expect((await users<api.AssignedUsers>("assigned", `month=${month}`)).total).toMatchObject({
      method: "none",
      users: null,
      suppressed: false,
    });
  });

  test("dual-stack users are those assigned both, in one session or two, and those active on both", async () => {
    const { month, at } = aMonth();
    await insertSessions(store, [
      ...range(30).map((i) => session(at("03"), hash(i), { ipv4: "100.64.0.9", ipv6_prefix: "240e:404::" })),
      ...range(12, 30).map((i) => session(at("03"), hash(i), { ipv4: "1.2.3.4" })),
      ...range(12, 30).map((i) => session(at("04"), hash(i), { session: hash(i, 7), ipv6_prefix: "240e:404::" })),
      ...range(11, 60).map((i) => session(at("04"), hash(i), { ipv4: "1.2.3.4" })),
    ]);
    await insertFlows(store, [
      ...range(25).map((i) => seen(at("05"), hash(i))),
      ...range(25, 10).map((i) => seen(at("06"), hash(i), { family: 4, active_family: 4 })),
    ]);
    const { total } = await users<api.DualStackUsers>("dual-stack", `month=${month}`);
    expect(total).toMatchObject({ assigned: { users: 42 }, active: { users: 15 }, coverage: 1 });
  });

  test("private IPv4 alone, and the new sessions given it", async () => {
    const { month, at } = aMonth();
    await insertSessions(store, [
      ...["10.1.2.3", "100.127.255.255", "172.31.0.1", "192.168.1.1"].flatMap((ipv4, k) =>
        range(10).map((i) => session(at("03"), hash(i, k), { ipv4 })),
      ),
      // Next to them, and public.
      ...["100.128.0.1", "172.32.0.1", "11.0.0.1", "192.167.1.1"].flatMap((ipv4, k) =>
        range(10).map((i) => session(at("03"), hash(i, 10 + k), { ipv4 })),
      ),
      // Ten of the first have IPv6 as well, by an update; a repeated start is one session.
      ...range(10).map((i) => session(at("04"), hash(i), { status: "interim_update", ipv6_prefix: "240e:404::" })),
      ...range(10).map((i) => session(at("03", "12:00:05"), hash(i), { ipv4: "10.1.2.3" })),
      ...range(10).map((i) => session(at("03"), hash(i, 20), { ipv4: "255.255.255.254" })),
    ]);
    const { total } = await users<api.PrivateIpv4Users>("private-ipv4", `month=${month}`);
    expect(total).toMatchObject({
      only: { users: 30 },
      new_sessions: { users: 80 },
      new_private_sessions: { users: 40 },
      private_share: 0.5,
    });
  });

  test("home routers: fixed lines with a delegated prefix that are active on IPv6, of all active fixed lines", async () => {
    const { month, at } = aMonth();
    const fixed = { access: "fixed" };
    await insertSessions(store, [
      ...range(30).map((i) => session(at("03"), hash(i), { ...fixed, delegated_prefix: "240e:30c:1:100::" })),
      ...range(10, 30).map((i) => session(at("03"), hash(i), { ...fixed, ipv6_prefix: "240e:30c:2::" })),
    ]);
    await insertFlows(store, [
      ...range(20).map((i) => seen(at("05"), hash(i), fixed)),
      ...range(10, 30).map((i) => seen(at("05"), hash(i), fixed)),
      ...range(50).map((i) => seen(at("05"), hash(i), { ...fixed, family: 4, active_family: 4 })),
      ...range(40, 100).map((i) => seen(at("05"), hash(i), { access: "mobile" })),
    ]);
    const { total, rows } = await users<api.HomeRouters>("home-routers", `month=${month}&by=region`);
    expect(total).toMatchObject({ ipv6: { users: 20 }, active: { users: 50 }, share: 0.4 });
    expect(rows).toMatchObject([{ region: "210100", share: 0.4 }]);
  });
});

describe("the panel", () => {
  test("who is served by IPv6 and prefers IPv4, by what was sent", async () => {
    const { month, at } = aMonth();
    await insertFlows(store, [
      ...range(40).map((i) => seen(at("05"), panelHash(i), { bytes: 30, sampling_rate: 100 })),
      ...range(40).map((i) =>
        seen(at("06"), panelHash(i), { family: 4, active_family: 4, bytes: i < 10 ? 90 : 10, sampling_rate: 100 }),
      ),
      // On one family only, or not of the panel.
      ...range(40, 100).map((i) => seen(at("05"), panelHash(i), { bytes: 1_000 })),
      ...range(40).map((i) => seen(at("05"), hash(i), { bytes: 1_000 })),
    ]);
    const { total } = await users<api.Preference>("preference", `month=${month}`);
    expect(total).toMatchObject({ method: "panel", panel_users: 40, v6_share: 0.5, preferring_v4: { value: 0.25 } });
    expect(total.preferring_v4.low).toBeGreaterThan(0.1);
    expect(total.preferring_v4.high).toBeLessThan(0.5);
  });

  test("who came back, on how many days and with how many prefixes; null over a change of the key", async () => {
    await insertFlows(store, [
      ...range(20).map((i) => seen("2027-03-31T23:59:59+08:00", panelHash(i))),
      ...range(20, 5).flatMap((i) => [
        seen("2027-04-01T00:00:00+08:00", panelHash(i)),
        seen("2027-04-02T00:00:00+08:00", panelHash(i), { subscriber_prefix: 77n }),
        seen("2027-04-02T13:00:00+08:00", panelHash(i), { subscriber_prefix: 77n }),
      ]),
      ...range(20).map((i) => seen("2027-05-01T00:00:00+08:00", panelHash(i))),
    ]);
    await insertSessions(store, [
      { at: "2027-04-20T12:00:00+08:00", subscriber: 5n, rotates_at: "2027-05-01T00:00:00+08:00" },
    ]);
    const april = await users<api.Retention>("retention", "month=2027-04");
    expect(april.total).toMatchObject({
      panel_users_before: 20,
      retained: { value: 0.75 },
      panel_users: 20,
      days_active: 2,
      prefixes_a_user: 2,
    });
    const may = await users<api.Retention>("retention", "month=2027-05");
    expect(may.key_rotations).toEqual(["2027-05-01T00:00:00+08:00"]);
    expect(may.total).toMatchObject({ panel_users_before: 20, panel_users: 20, retained: { value: null, low: null } });
  });

  test("IoT that packet sampling missed is estimated from who was seen once and twice; others are not", async () => {
    const { month, at } = aMonth();
    const packets = (i: number) => (i < 40 ? 1 : i < 60 ? 2 : 5);
    const sampled = (flow: Partial<TestFlow>) =>
      range(100).map((i) => seen(at("05"), panelHash(i), { packets: packets(i), sampling_rate: 1_000, ...flow }));
    await insertFlows(store, [
      ...sampled({ access: "iot" }),
      ...sampled({ access: "mobile" }),
      ...sampled({ access: "iot", operator: "unicom", sampling_rate: 1 }),
    ]);
    const { rows } = await active(`month=${month}&by=access,operator`);
    const unseen = (40 * 39) / (2 * 21);
    expect(rows).toMatchObject(
      [
        {
          access: "iot",
          operator: "telecom",
          users: Math.round(100 + unseen),
          session_users: 100,
          unseen_users: Math.round(unseen),
          low: 100,
        },
        {
          access: "mobile",
          operator: "telecom",
          users: 100,
          unseen_users: 0,
          low: 100,
          // What may have been missed bounds the interval: Chao1 with one more seen once.
          high: Math.ceil(100 + 41 ** 2 / (2 * 21)),
        },
        { access: "iot", operator: "unicom", users: 100, unseen_users: 0 },
      ].toSorted((a, b) => a.operator.localeCompare(b.operator) || a.access.localeCompare(b.access)),
    );
    expect(rows[0]?.high).toBeGreaterThan(100 + unseen);
    expect(rows[2], "what is not sampled misses nobody").toMatchObject({ operator: "unicom", low: 100, high: 100 });
  });

  test("where too few IoT were seen twice to tell, what sampling may have missed widens the interval", async () => {
    const { month, at } = aMonth();
    await insertFlows(
      store,
      range(100).map((i) =>
        seen(at("05"), panelHash(i), { access: "iot", packets: i < 3 ? 2 : 1, sampling_rate: 1_000 }),
      ),
    );
    const { rows } = await active(`month=${month}&by=access`);
    expect(rows).toMatchObject([{ users: 100, unseen_users: 0, low: 100, high: Math.ceil(100 + 98 ** 2 / (2 * 4)) }]);
  });
});

test.each([
  ["active", "day=2026-11-24&month=2026-11", "month", /one of day, month and rolling30d/],
  ["active", "rolling30d=2026-11", "rolling30d", /a day such as/],
  ["active", "by=technology", "by", /one of region, operator, access, family/],
  ["active", "family=5", "family", /one of 4, 6/],
  ["assigned", "by=family", "by", /one of region, operator, access/],
  ["home-routers", "access=mobile", "access", /only the parameters/],
  ["retention", "day=2026-11-24", "day", /only the parameters/],
])("/users/%s?%s is refused with what is allowed", async (meter, query, parameter, allowed) => {
  const { status, body } = await get(service, `/api/v1/users/${meter}?${query}`);
  expect(status).toBe(400);
  expect(body.errors[0]).toMatchObject({ parameter });
  expect(body.errors[0].allowed).toMatch(allowed);
});
