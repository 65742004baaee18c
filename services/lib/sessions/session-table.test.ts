import { Random } from "@v6meter/random";
import { addressBytes, getU64 } from "@v6meter/schemas";
import { describe, expect, test } from "vitest";
import { sessionBatchOf, type TestEvent } from "./events.test-data.ts";
import { SessionTable } from "./session-table.ts";

const NOON = Date.parse("2026-11-24T12:00:00+08:00");
const S = 1_000;
const MINUTE = 60 * S;
const WINDOW_MS = 60 * MINUTE;

function tableOf(events: readonly TestEvent[], graceMs = 0): SessionTable {
  const table = new SessionTable({ slots: 16, windowMs: WINDOW_MS, graceMs, seed: 1 });
  for (const event of events) table.apply(sessionBatchOf([event]));
  return table;
}

interface Place {
  readonly port?: number;
  readonly operator?: string;
  readonly region?: string;
}

/** The subscriber that held an address at a moment; null where no session did. */
function holder(table: SessionTable, address: string, atMs: number, { port = 0, operator, region }: Place = {}) {
  const bytes = addressBytes(address) as Uint8Array;
  const network = table.networkOf(operator ?? "unknown", region ?? "unknown");
  const found = table.find(new Uint32Array(bytes.buffer, bytes.byteOffset, 4), 0, port, network, atMs);
  if (found < 0) return null;
  const subscriber = new Uint32Array(2);
  table.subscriber(found, atMs, subscriber, 0);
  return getU64(subscriber, 0);
}

const start = (session: number, at: number, rest: Partial<TestEvent> = {}): TestEvent => ({
  status: "start",
  session,
  subscriber: session * 10,
  at,
  ...rest,
});
const stop = (session: number, at: number, rest: Partial<TestEvent> = {}): TestEvent => ({
  status: "stop",
  session,
  subscriber: session * 10,
  at,
  ...rest,
});
const interim = (session: number, at: number, rest: Partial<TestEvent> = {}): TestEvent => ({
  status: "interim_update",
  session,
  subscriber: session * 10,
  at,
  ...rest,
});

const P = "2409:8914:1:2::/64";
const IN_P = "2409:8914:1:2:aaaa::1";

describe("who held a prefix", () => {
  test("a session from its start to its stop", () => {
    const table = tableOf([start(1, NOON, { framed: P }), stop(1, NOON + MINUTE)]);
    expect([-1, 0, MINUTE - 1, MINUTE].map((ms) => holder(table, IN_P, NOON + ms))).toEqual([null, 10, 10, null]);
    expect(holder(table, "2409:8914:1:3::1", NOON)).toBeNull();
  });

  test("two subscribers it went between, to the millisecond, whose Stop came or not", () => {
    const events = [start(1, NOON - MINUTE, { framed: P }), start(2, NOON, { framed: P })];
    for (const order of [events, events.toReversed(), [...events, stop(1, NOON + 5 * S)]]) {
      const table = tableOf(order);
      expect([-1, 0, 10 * S].map((ms) => holder(table, IN_P, NOON + ms))).toEqual([10, 20, 20]);
    }
  });

  test("nobody after the second holder ended: the first had lost it", () => {
    const table = tableOf([
      start(1, NOON - MINUTE, { framed: P }),
      start(2, NOON, { framed: P }),
      stop(2, NOON + MINUTE),
    ]);
    expect(holder(table, IN_P, NOON + MINUTE)).toBeNull();
  });

  test("a session whose Start comes after its Stop", () => {
    const table = tableOf([stop(1, NOON + MINUTE), start(1, NOON, { framed: P })]);
    expect([-1, 0, MINUTE - 1, MINUTE].map((ms) => holder(table, IN_P, NOON + ms))).toEqual([null, 10, 10, null]);
  });

  test("a session of which an interim alone was told, from the start it tells", () => {
    const table = tableOf([interim(1, NOON, { startedAt: NOON - MINUTE, framed: P })]);
    expect([-MINUTE - 1, -MINUTE, 5 * MINUTE].map((ms) => holder(table, IN_P, NOON + ms))).toEqual([null, 10, 10]);
  });

  test("the Start tells the start, whatever interims say of it", () => {
    const interims = [interim(1, NOON + 9_600, { startedAt: NOON - 400, framed: P })];
    const begin = start(1, NOON, { framed: P });
    for (const order of [
      [begin, ...interims],
      [...interims, begin],
    ])
      expect([-1, 0].map((ms) => holder(tableOf(order), IN_P, NOON + ms))).toEqual([null, 10]);
  });

  test("a prefix that an interim tells first is held from then on", () => {
    const table = tableOf([start(1, NOON, { v4: "36.1.2.3" }), interim(1, NOON + MINUTE, { framed: P })]);
    expect([0, MINUTE - 1, MINUTE].map((ms) => holder(table, IN_P, NOON + ms))).toEqual([null, null, 10]);
    expect(holder(table, "36.1.2.3", NOON)).toBe(10);
  });

  test("a session that is given another prefix holds the former until then", () => {
    const other = "2409:8914:1:9::/64";
    const table = tableOf([
      start(1, NOON, { framed: P, v4: "36.1.2.3" }),
      interim(1, NOON + MINUTE, { framed: other }),
      interim(1, NOON + 2 * MINUTE, { framed: P }),
      stop(1, NOON + 3 * MINUTE, { framed: P }),
    ]);
    const moments = [0, MINUTE - 1, MINUTE, 2 * MINUTE - 1, 2 * MINUTE, 3 * MINUTE - 1, 3 * MINUTE];
    const at = (address: string) => moments.map((ms) => holder(table, address, NOON + ms));
    expect(at(IN_P)).toEqual([10, 10, null, null, 10, 10, null]);
    expect(at("2409:8914:1:9::1")).toEqual([null, null, 10, 10, null, null, null]);
    expect(at("36.1.2.3")).toEqual([10, 10, 10, 10, 10, 10, null]);
  });

  test("of prefixes that hold an address, the longest", () => {
    const table = tableOf([
      start(1, NOON, { delegated: "2409:8a14:5600::/56" }),
      start(2, NOON, { framed: "2409:8a14:5600:11::/64" }),
      start(3, NOON, { v6: "2409:8a14:5600:11::5" }),
    ]);
    const addresses = ["2409:8a14:5600:11::5", "2409:8a14:5600:11::6", "2409:8a14:5600:ff::1", "2409:8a14:5601::1"];
    expect(addresses.map((address) => holder(table, address, NOON))).toEqual([30, 20, 10, null]);
  });

  test("a prefix that is many ranges of 32 bits holds the addresses of each, but where a longer one does", () => {
    const table = tableOf([
      start(1, NOON, { framed: "2409:8a10::/28" }),
      start(2, NOON, { framed: "2409:8a14:5600:11::/64" }),
      start(3, NOON, { delegated: "2409:8a14:5600::/56" }),
      start(4, NOON, { framed: "2409:8a17::/32" }),
    ]);
    const addresses = ["2409:8a10::1", "2409:8a14:5600:11::1", "2409:8a14:5600:12::1", "2409:8a14:5601::1"];
    addresses.push("2409:8a17:1::1", "2409:8a1f:ffff::1", "2409:8a20::1", "240e::1");
    expect(addresses.map((it) => holder(table, it, NOON))).toEqual([10, 20, 30, 10, 40, 10, null, null]);
  });

  test("within the grace, the nearest, and none beyond", () => {
    const events = [
      start(1, NOON, { framed: P }),
      stop(1, NOON + MINUTE),
      start(2, NOON + MINUTE + 3 * S, { framed: P }),
    ];
    const at = (ms: number) => holder(tableOf(events, 2 * S), IN_P, NOON + ms);
    expect([-2_001, -2_000, MINUTE, MINUTE + 1_499, MINUTE + 1_501].map(at)).toEqual([null, 10, 10, 10, 20]);
  });

  test("a covering shorter prefix goes before a longer one within its grace", () => {
    const table = tableOf(
      [
        start(1, NOON - MINUTE, { delegated: "2409:8a14:5600::/56" }),
        start(2, NOON + S, { framed: "2409:8a14:5600:11::/64" }),
      ],
      2 * S,
    );
    expect(holder(table, "2409:8a14:5600:11::1", NOON)).toBe(10);
  });
});

describe("IPv4", () => {
  test("a private address is another one in another city or under another operator", () => {
    const shenyang = { operator: "cmcc", region: "210100" };
    const dalian = { operator: "cmcc", region: "210200" };
    const table = tableOf([
      start(1, NOON, { v4: "100.64.0.9", ...shenyang }),
      start(2, NOON, { v4: "100.64.0.9", ...dalian }),
      start(3, NOON, { v4: "36.1.2.3", ...dalian }),
    ]);
    expect(
      [shenyang, dalian, { operator: "unicom", region: "210200" }, {}].map((place) =>
        holder(table, "100.64.0.9", NOON, place),
      ),
    ).toEqual([10, 20, null, null]);
    expect(holder(table, "36.1.2.3", NOON, shenyang)).toBe(30);
  });

  test("a shared address is told by the block of ports", () => {
    const table = tableOf([
      start(1, NOON, { v4: "36.1.2.3", ports: [1_024, 2_047] }),
      start(2, NOON, { v4: "36.1.2.3", ports: [2_048, 65_535] }),
    ]);
    const ports = [0, 1_023, 1_024, 2_047, 2_048, 65_535];
    expect(ports.map((port) => holder(table, "36.1.2.3", NOON, { port }))).toEqual([null, null, 10, 10, 20, 20]);
  });
});

describe("a NAS", () => {
  const sessions = [
    start(1, NOON - MINUTE, { framed: P, nas: 7 }),
    start(2, NOON, { framed: "2409:8914:1:9::/64", nas: 7 }),
    start(3, NOON - MINUTE, { v4: "36.1.2.3", nas: 8 }),
  ];
  test.each(["accounting_on", "accounting_off"] as const)(
    "%s ends all its sessions, those that are told late too",
    (status) => {
      const reset: TestEvent = { status, nas: 7, at: NOON };
      for (const order of [
        [...sessions, reset],
        [reset, ...sessions],
      ]) {
        const table = tableOf(order);
        expect([-1, 0].map((ms) => holder(table, IN_P, NOON + ms))).toEqual([10, null]);
        expect(holder(table, "2409:8914:1:9::1", NOON)).toBe(20);
        expect(holder(table, "36.1.2.3", NOON + MINUTE)).toBe(30);
      }
    },
  );

  test("that gives a name to a session again does not join the two", () => {
    const table = tableOf([
      start(1, NOON, { framed: P, subscriber: 1 }),
      stop(1, NOON + MINUTE, { subscriber: 1 }),
      start(1, NOON + 2 * MINUTE, { framed: P, subscriber: 2 }),
      stop(1, NOON + 3 * MINUTE, { subscriber: 2 }),
      start(1, NOON + 4 * MINUTE, { framed: P, subscriber: 3 }),
      start(1, NOON + 5 * MINUTE, { v4: "36.1.2.3", subscriber: 4 }),
    ]);
    const moments = [0, 1, 2, 3, 4, 5].map((minute) => holder(table, IN_P, NOON + minute * MINUTE));
    expect(moments).toEqual([1, null, 2, null, 3, null]);
    expect(holder(table, "36.1.2.3", NOON + 5 * MINUTE)).toBe(4);
  });
});

test("a session over the rotation of a key has its subscriber of that month", () => {
  const rotation = NOON + 60 * MINUTE;
  const later = rotation + 30 * 24 * 60 * MINUTE;
  const table = tableOf([
    start(1, NOON, { framed: P, subscriber: 1, next: [2, rotation] }),
    interim(1, rotation + MINUTE, { framed: P, subscriber: 2, next: [3, later] }),
  ]);
  expect([rotation - 1, rotation, later].map((at) => holder(table, IN_P, at))).toEqual([1, 2, 2]);
  table.apply(sessionBatchOf([interim(1, rotation + WINDOW_MS, { framed: P, subscriber: 2, next: [3, later] })]));
  expect([rotation, later - 1, later].map((at) => holder(table, IN_P, at))).toEqual([2, 2, 3]);
});

describe("what is forgotten", () => {
  test("ended sessions after the window, with all they held", () => {
    const table = tableOf([
      start(1, NOON, { framed: P, v4: "36.1.2.3" }),
      stop(1, NOON + MINUTE),
      start(2, NOON, { delegated: "2409:8a14::/56" }),
    ]);
    table.expire(NOON + MINUTE + WINDOW_MS - 1);
    expect(table.totals).toMatchObject({ sessions: 2, holdings: 3, expired: 0 });
    expect(table.expire(NOON + MINUTE + WINDOW_MS)).toBe(1);
    expect(table.totals).toMatchObject({ sessions: 1, holdings: 1, expired: 1, evictions: 0 });
    expect(table.totals.byKind).toEqual({ v4: 0, v6_address: 0, framed_prefix: 0, delegated_prefix: 1 });
    expect([holder(table, IN_P, NOON), holder(table, "2409:8a14::1", NOON)]).toEqual([null, 20]);
  });

  test("a session without an end, all of whose addresses went to others", () => {
    const table = tableOf([
      start(1, NOON, { framed: P, v4: "36.1.2.3" }),
      start(2, NOON + MINUTE, { framed: P }),
      interim(2, NOON + 2 * MINUTE, { framed: P }),
    ]);
    expect(table.expire(NOON + 2 * WINDOW_MS)).toBe(0);
    table.apply(sessionBatchOf([start(3, NOON + MINUTE, { v4: "36.1.2.3" })]));
    expect(table.expire(NOON + 2 * WINDOW_MS)).toBe(1);
    expect(table.totals).toMatchObject({ sessions: 2, evictions: 1, expired: 0 });
    expect([holder(table, IN_P, NOON + 2 * MINUTE), holder(table, "36.1.2.3", NOON + MINUTE)]).toEqual([20, 30]);
  });

  test("at most so many sessions are looked at, the next call goes on", () => {
    const table = tableOf(
      Array.from({ length: 10 }, (_, i) => [
        start(i + 1, NOON, { framed: `2409:${i}::/64` }),
        stop(i + 1, NOON + 1),
      ]).flat(),
    );
    const gone = Array.from({ length: 4 }, () => table.expire(NOON + 2 * WINDOW_MS, 3));
    expect(gone).toEqual([3, 3, 3, 1]);
    expect(table.totals).toMatchObject({ sessions: 0, holdings: 0 });
  });
});

test("addresses of both families that are looked up together are each found, whatever is not", () => {
  const events = Array.from({ length: 40 }, (_, i) => [
    start(2 * i + 1, NOON, { framed: `2409:8914:0:${(i + 1).toString(16)}::/64` }),
    start(2 * i + 2, NOON, { v4: `36.1.2.${i}` }),
  ]).flat();
  const table = tableOf(events);
  const asked = Array.from({ length: 40 }, (_, i) => [
    `36.9.9.${i}`,
    `2409:8914:0:${(i + 1).toString(16)}::1`,
    `36.1.2.${i}`,
    `2409:8914:1:${i.toString(16)}::1`,
  ]).flat();
  const bytes = new Uint8Array(asked.length * 16);
  for (const [i, address] of asked.entries()) bytes.set(addressBytes(address) as Uint8Array, i * 16);
  const wanted = {
    words: new Uint32Array(bytes.buffer),
    port: new Uint16Array(asked.length),
    network: new Int32Array(asked.length).fill(-1),
    atMs: new Float64Array(asked.length).fill(NOON + 1),
  };
  const found = new Int32Array(asked.length);
  table.findAll(wanted, asked.length, found);
  expect([...found].map((holding) => holding >= 0)).toEqual(asked.map((_, i) => i % 4 === 1 || i % 4 === 2));
});

test("more lengths of prefixes than there is room for are counted", () => {
  const events = Array.from({ length: 20 }, (_, i) => start(i + 1, NOON, { delegated: `2409:${i}::/${40 + i}` }));
  const table = tableOf(events);
  expect(table.totals).toMatchObject({ sessions: 20, holdings: 14, refused: 6 });
});

/** What happened, as it was: each session with what it held, and who held a key when. */
interface Truth {
  readonly id: number;
  readonly begin: number;
  readonly end: number;
  readonly v4: string;
  readonly framed: string;
  readonly delegated: string;
}

/** Sessions over few addresses, so that they are handed on all the time. */
function truthOf(random: Random, sessions: number): Truth[] {
  return Array.from({ length: sessions }, (_, i) => {
    const begin = NOON + random.below(120 * MINUTE);
    return {
      id: i + 1,
      begin,
      end: random.below(4) === 0 ? Number.POSITIVE_INFINITY : begin + 1 + random.below(20 * MINUTE),
      v4: `36.1.0.${random.below(12)}`,
      framed: `2409:8914:0:${random.below(12)}::/64`,
      delegated: `2409:8a14:0:${random.below(12)}00::/56`,
    };
  });
}

function eventsOf(random: Random, { id, begin, end, v4, framed, delegated }: Truth): TestEvent[] {
  const held = { v4, framed, delegated };
  const events = [start(id, begin, held)];
  for (let at = begin + 5 * MINUTE; at < Math.min(end, NOON + 180 * MINUTE); at += 5 * MINUTE)
    events.push(interim(id, at, { startedAt: begin, ...(random.below(2) ? held : { v4 }) }));
  if (end !== Number.POSITIVE_INFINITY) events.push(stop(id, end, random.below(2) ? held : {}));
  return events;
}

/** Who began last of those that were given a key holds it until its end. */
function holderInTruth(truth: readonly Truth[], key: "v4" | "framed" | "delegated", value: string, at: number) {
  const last = truth
    .filter((it) => it[key] === value && it.begin <= at)
    .reduce<Truth | null>(
      (best, it) => (best && (best.begin > it.begin || (best.begin === it.begin && best.id > it.id)) ? best : it),
      null,
    );
  return last && at < last.end ? last.id * 10 : null;
}

describe.each([1, 2, 3, 4, 5, 6, 7, 8])("seed %i", (seed) => {
  test("events in any order, some of them twice, tell what a list of intervals tells", () => {
    const random = new Random(seed);
    const truth = truthOf(random, 120);
    const inOrder = truth.flatMap((it) => eventsOf(random, it)).sort((a, b) => a.at - b.at);
    const orders = [inOrder, shuffled(inOrder, random), [...shuffled(inOrder, random), ...inOrder]];
    for (const events of orders) {
      const table = new SessionTable({ slots: 16, windowMs: WINDOW_MS, graceMs: 0, seed });
      for (let i = 0; i < events.length; i += 7) table.apply(sessionBatchOf(events.slice(i, i + 7)));
      expect(table.totals).toMatchObject({ sessions: 120, holdings: 360 });
      for (let i = 0; i < 500; i++) {
        // Half of the moments are just where something changes.
        const edge = truth[random.below(truth.length)] as Truth;
        const at = [
          NOON + random.below(180 * MINUTE),
          edge.begin - random.below(2),
          Math.min(edge.end, edge.begin + 1),
        ][random.below(3)] as number;
        const n = random.below(12);
        expect(holder(table, `36.1.0.${n}`, at)).toBe(holderInTruth(truth, "v4", `36.1.0.${n}`, at));
        const framed = `2409:8914:0:${n}::`;
        expect(holder(table, `${framed}1`, at)).toBe(holderInTruth(truth, "framed", `${framed}/64`, at));
        const delegated = holderInTruth(truth, "delegated", `2409:8a14:0:${n}00::/56`, at);
        expect(holder(table, `2409:8a14:0:${n}7f::1`, at)).toBe(delegated);
      }
      table.expire(NOON + 1_000 * MINUTE);
      const left = truth.filter(({ end }) => end === Number.POSITIVE_INFINITY).length;
      expect(table.totals.sessions).toBeLessThanOrEqual(left);
      table.expire(NOON + 1_000 * MINUTE);
      expect(table.totals.holdings).toBe(3 * table.totals.sessions);
    }
  });
});

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
  }
  return copy;
}
