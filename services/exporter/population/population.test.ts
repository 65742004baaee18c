import { createDecoder } from "@v6meter/netflow";
import { createFlowBatch, getU64, type PopulationScenario, SESSION_STATUS_TYPES } from "@v6meter/schemas";
import { describe, expect, test } from "vitest";
import { createPopulation } from "./population.ts";
import {
  exactRouters,
  firstHalf,
  holdings,
  type PlayedPopulation,
  playPopulation,
  TEST_FROM_MS,
  testPopulation,
} from "./test-population.ts";
import type { PopulationTruth, PopulationUsers } from "./truth.ts";

const bytesOf = ({ datagrams }: PlayedPopulation) => Buffer.concat(datagrams.map(({ bytes }) => bytes));
const months = (truth: PopulationTruth) => truth.users.filter(({ period }) => period === "month");
const total = (users: readonly PopulationUsers[], meter: "active_v6" | "active_v4" | "assigned_v6" | "served") =>
  users.reduce((sum, user) => sum + user[meter], 0);
const only = (conduct: "ping_only" | "dns_only" | "silent") => (scenario: PopulationScenario) => {
  for (const habits of Object.values(scenario.habits))
    Object.assign(habits, { ping_only: 0, dns_only: 0, silent: 0, [conduct]: 1 });
  scenario.scans = { per_subscriber_day: 0.5, answered: 0.5, packets: 2_000 };
};

describe("the same seed", () => {
  const first = playPopulation(testPopulation(), { subscribers: 1_000 });

  test("gives the same datagrams, the same events and the same truth", () => {
    const second = playPopulation(testPopulation(), { subscribers: 1_000 });
    expect(bytesOf(second).equals(bytesOf(first))).toBe(true);
    expect(second.events).toEqual(first.events);
    expect(second.truth).toEqual(first.truth);
  });
  test("is another province than another seed", () => {
    const other = playPopulation(testPopulation(), { subscribers: 1_000, seed: 6 });
    expect(bytesOf(other).equals(bytesOf(first))).toBe(false);
    expect(other.truth.users).not.toEqual(first.truth.users);
  });
  test("does the same whatever accounting is told of", () => {
    const other = playPopulation(testPopulation(), { subscribers: 1_000, aaa: "none" });
    const withoutAaa = (truth: PopulationTruth) => truth.users.map((user) => ({ ...user, aaa: null }));
    expect(withoutAaa(other.truth)).toEqual(withoutAaa(first.truth));
    expect(other.events).toEqual([]);
  });
});

describe("sessions", () => {
  const { events, truth, population } = playPopulation(testPopulation(), { days: 3, subscribers: 4_000 });

  test("are told as often as the truth says, in order of time within a second", () => {
    expect(events).toHaveLength(truth.sessionEvents);
    let latest = 0;
    for (const { atMs } of events) {
      expect(atMs).toBeGreaterThanOrEqual(latest - 1_000);
      latest = Math.max(latest, atMs);
    }
  });

  test("hold a prefix, a WAN prefix, an address or a block of ports one at a time, and hand them on in seconds", () => {
    const privately = (ipv4: string) => /^(10|100|172)\./.test(ipv4);
    const held = holdings(events, ({ prefixes, ipv4, ports, place }) => [
      ...prefixes,
      ...(ipv4 === "::" ? [] : [privately(ipv4) ? `${place} ${ipv4}` : `${ipv4} ${ports[0]}`]),
    ]);
    let handedOver = 0;
    for (const [key, list] of held)
      for (let i = 1; i < list.length; i++) {
        const [before, after] = [list[i - 1], list[i]] as [(typeof list)[0], (typeof list)[0]];
        expect(after.fromMs, key).toBeGreaterThan(before.toMs);
        if (key.includes("/") && before.subscriber !== after.subscriber && after.fromMs - before.toMs < 10_000)
          handedOver++;
      }
    expect(handedOver).toBeGreaterThan(20);
  });

  test("carry prefixes of the network's length: a /64 for phones, a delegated one and a WAN /64 for homes", () => {
    const lengths = new Map<string, Set<string>>();
    for (const { place, prefixes } of events) {
      const network = place.split("/").slice(0, 2).join("/");
      const set = lengths.get(network) ?? new Set();
      lengths.set(network, set.add(prefixes.map((prefix) => prefix.split("/")[1]).join(" ")));
    }
    expect([...(lengths.get("mobile/mobile") ?? [])].sort()).toEqual(["", "64"]);
    expect([...(lengths.get("mobile/fixed") ?? [])].sort()).toEqual(["", "64 60"]);
    expect([...(lengths.get("telecom/fixed") ?? [])].sort()).toEqual(["", "64 56"]);
  });

  test("of phones change about four times a day of use, those of homes now and then; homes send interims", () => {
    const days = 3;
    const rate = (access: string, status: number) => {
      const of = events.filter(({ place }) => place.split("/")[1] === access);
      const who = new Set(of.map(({ subscriber }) => subscriber)).size;
      return of.filter((event) => event.status === status).length / who / days;
    };
    expect(rate("mobile", SESSION_STATUS_TYPES.stop)).toBeGreaterThan(2.8);
    expect(rate("mobile", SESSION_STATUS_TYPES.stop)).toBeLessThan(4);
    expect(rate("mobile", SESSION_STATUS_TYPES.interim_update)).toBe(0);
    expect(rate("fixed", SESSION_STATUS_TYPES.stop)).toBeGreaterThan(0.2);
    expect(rate("fixed", SESSION_STATUS_TYPES.stop)).toBeLessThan(0.4);
    expect(rate("fixed", SESSION_STATUS_TYPES.interim_update)).toBeGreaterThan(1);
  });

  test("are told of every city, of every other one, or of none", () => {
    const cities = (aaa: "half" | "none") =>
      createPopulation(testPopulation(), {
        seed: 1,
        subscribers: 100,
        fromMs: TEST_FROM_MS,
        days: 1,
        aaa,
      }).cells.filter((cell) => cell.aaa).length;
    expect(population.cells.every(({ aaa }) => aaa)).toBe(true);
    expect(cities("half")).toBe(population.cells.length / 2);
    expect(cities("none")).toBe(0);
  });

  test("identities go through the hash that is given, once each", () => {
    const asked = new Map<string, number>();
    const { events: hashed } = playPopulation(testPopulation(), {
      subscribers: 300,
      days: 1,
      hash: (identity) => {
        asked.set(identity, (asked.get(identity) ?? 0) + 1);
        return 0xabcd_0000_0000_0000n + BigInt(asked.size);
      },
    });
    expect([...asked.values()].every((times) => times === 1)).toBe(true);
    expect(asked.size).toBe(new Set(hashed.map(({ subscriber }) => subscriber)).size);
    expect(hashed.every(({ subscriber }) => subscriber.startsWith("abcd"))).toBe(true);
  });
});

describe("the truth", () => {
  const { truth } = playPopulation(testPopulation(), { days: 3, subscribers: 6_000 });

  test("has every city, operator and access type, each day and the month", () => {
    expect(truth.users).toHaveLength(4 * 14 * 16);
    expect(total(months(truth), "served")).toBe(truth.subscribers);
    expect(new Set(truth.users.map(({ name }) => name))).toEqual(
      new Set(["2026-10-01", "2026-10-02", "2026-10-03", "2026-10"]),
    );
  });

  test("a month is no less than its best day and no more than all its days, bytes add up", () => {
    for (const month of months(truth)) {
      const days = truth.users.filter(
        ({ period, region, operator, access }) =>
          period === "day" && region === month.region && operator === month.operator && access === month.access,
      );
      expect(days).toHaveLength(3);
      for (const meter of ["served", "assigned_v6", "active_v6", "active_v4"] as const) {
        expect(month[meter]).toBeGreaterThanOrEqual(Math.max(...days.map((day) => day[meter])));
        expect(month[meter]).toBeLessThanOrEqual(total(days, meter));
      }
      expect(month.bytes.v6_native).toBeCloseTo(
        days.reduce((sum, { bytes }) => sum + bytes.v6_native, 0),
        -1,
      );
    }
  });

  test("who is active on IPv6 was given it; given, private and served are parts of each other", () => {
    for (const user of truth.users) {
      expect(user.active_v6_native).toBeLessThanOrEqual(user.active_v6);
      expect(user.assigned_v6 + user.private_v4_only).toBeLessThanOrEqual(user.served);
      expect(user.dual_stack).toBeLessThanOrEqual(user.assigned_v6);
      expect(user.active_v6_native + user.prefers_v4).toBeLessThanOrEqual(user.assigned_v6);
      expect(user.new_sessions_private_v4).toBeLessThanOrEqual(user.new_sessions);
    }
  });

  test.each(["ping_only", "dns_only", "silent"] as const)(
    "%s subscribers are assigned IPv6, seen by routers and active on nothing",
    (conduct) => {
      const { truth: own } = playPopulation(testPopulation(only(conduct)), { days: 1, samplingRate: 100 });
      expect(total(months(own), "assigned_v6")).toBeGreaterThan(500);
      expect(total(months(own), "active_v6")).toBe(0);
      expect(total(months(own), "active_v4")).toBe(0);
      expect(own.routers.reduce((sum, { records }) => sum + records, 0)).toBeGreaterThan(500);
    },
  );

  test("more are given IPv6 the next month where it grows", () => {
    const { truth: own } = playPopulation(
      testPopulation((scenario) => {
        for (const network of scenario.networks)
          Object.assign(network, { ipv6_share: 0.3, ipv6_growth_per_month: 0.4 });
      }),
      { subscribers: 500, days: 33, stepMs: 86_400_000, samplingRate: 10_000 },
    );
    const last = (name: string) =>
      total(
        own.users.filter((user) => user.name === name),
        "assigned_v6",
      );
    expect(last("2026-11-02")).toBeGreaterThan(1.2 * last("2026-10-30"));
    expect(months(own).map(({ name }) => name)).toContain("2026-11");
  });
});

describe("what the routers send", () => {
  const scenario = testPopulation((all) => {
    exactRouters(all);
    // Unsampled volumes would not fit into the 32 bits of a v5 record.
    for (const habits of Object.values(all.habits)) habits.median_mb_per_month /= 100;
  });
  const played = playPopulation(scenario, { samplingRate: 1, subscribers: 1_500, days: 2 });
  const { truth, datagrams, population, events } = played;
  const records = truth.routers.reduce((sum, router) => sum + router.records, 0);
  const decoder = createDecoder();
  const batch = createFlowBatch(records + 1);
  const sink = {
    batch,
    full: (): never => {
      throw new Error("more rows than the truth has records");
    },
  };
  for (const { router, bytes, atMs } of datagrams)
    decoder.decode(bytes, population.exporters[router]?.bytes as Uint8Array, 40_000, atMs, sink);
  const { columns } = batch;

  test("is decoded to the records, bytes and packets of the truth, router by router", () => {
    expect(batch.rows).toBe(records);
    const found = new Map<string, { records: number; bytes: number; packets: number }>();
    for (let row = 0; row < batch.rows; row++) {
      const exporter = Buffer.from(columns.exporter.subarray(16 * row, 16 * row + 16)).toString("hex");
      const sum = found.get(exporter) ?? { records: 0, bytes: 0, packets: 0 };
      found.set(exporter, {
        records: sum.records + 1,
        bytes: sum.bytes + Number(getU64(columns.bytes, row)),
        packets: sum.packets + Number(getU64(columns.packets, row)),
      });
    }
    for (const [r, router] of truth.routers.entries())
      expect(found.get(Buffer.from(population.exporters[r]?.bytes as Uint8Array).toString("hex")), router.name).toEqual(
        {
          records: router.records,
          bytes: router.bytes,
          packets: router.packets,
        },
      );
  });

  test("joined with the sessions by a plain search, unsampled flows give the very users of the truth", () => {
    const held = holdings(events, ({ prefixes }) => prefixes);
    const lengths = [64, 60, 56];
    const owner = (half: string, atMs: number) => {
      for (const length of lengths) {
        const key = `${half.slice(0, length / 4).padEnd(16, "0")}/${length}`;
        const holding = held.get(key)?.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
        if (holding) return holding;
      }
      return null;
    };
    const active = new Map<string, Set<string>>();
    let lost = 0;
    for (let row = 0; row < batch.rows; row++) {
      const [protocol, flags] = [columns.protocol[row], columns.tcp_flags[row]];
      const afterNat = firstHalf(columns.dst_addr, row) === "0064ff9b00000000";
      if (columns.ip_version[row] !== 6 || protocol === 58 || protocol === 4 || protocol === 41) continue;
      if (columns.src_port[row] === 53 || columns.dst_port[row] === 53) continue;
      if (protocol === 6 && (flags === 0x14 || flags === 0x02)) continue;
      const half = firstHalf(columns.src_addr, row);
      // Their own networks' prefixes alone begin with these; what they talk to does not.
      if (!/^(240e0|24088|24098|240a4)/.test(half)) continue;
      const found = owner(half, Number(getU64(columns.end_at, row)));
      if (!found) {
        lost++;
        continue;
      }
      const day = new Date(Number(getU64(columns.received_at, row)) + 8 * 3_600_000).toISOString().slice(0, 10);
      for (const name of [day, day.slice(0, 7)]) {
        const key = `${name} ${found.place}${afterNat ? " nat64" : ""}`;
        active.set(key, (active.get(key) ?? new Set()).add(found.subscriber));
      }
    }
    expect(lost).toBe(0);
    let compared = 0;
    for (const user of truth.users) {
      const key = `${user.name} ${user.operator}/${user.access}/${user.region}`;
      expect(active.get(key)?.size ?? 0, key).toBe(user.active_v6_native);
      compared += user.active_v6_native;
    }
    expect(compared).toBeGreaterThan(2_000);
  });

  test("sampled, still amounts to the truth's bytes on average", () => {
    const { truth: sampled } = playPopulation(scenario, { samplingRate: 10, subscribers: 3_000, days: 1 });
    const outside = sampled.routers.filter(({ name }) => name !== "ln-backbone-1");
    const scaled = outside.reduce((sum, { bytes }) => sum + 10 * bytes, 0);
    const real = months(sampled).reduce((sum, { bytes }) => sum + bytes.v4 + bytes.v6_native + bytes.v6_transition, 0);
    expect(outside.reduce((sum, { packets }) => sum + packets, 0)).toBeGreaterThan(100_000);
    expect(scaled / real).toBeGreaterThan(0.99);
    expect(scaled / real).toBeLessThan(1.01);
  });
});

test("routers have their habits: one loses a little, one restarts at 14:00, the v5 one exports IPv4 alone", () => {
  const losesMore = testPopulation(({ routers }) => {
    for (const router of routers) router.withheld_share *= 50;
  });
  const { truth, population, datagrams } = playPopulation(losesMore, {
    subscribers: 4_000,
    days: 1,
    samplingRate: 100,
  });
  const of = (name: string) => truth.routers.find((router) => router.name === name);
  const losing = truth.routers.filter(({ withheld }) => withheld.datagrams > 0).map(({ name }) => name);
  expect(losing).toEqual(["ln-unicom-man-north"]);
  expect(of("ln-unicom-man-north")?.withheld.records).toBeGreaterThan(0);
  expect(truth.routers.filter(({ restarts }) => restarts > 0).map(({ name }) => name)).toEqual(["ln-mobile-pgw-north"]);
  expect(of("ln-mobile-pgw-north")?.restarts).toBe(1);
  const old = population.exporters.findIndex(({ name }) => name === "ln-broadnet-edge-1");
  expect(of("ln-broadnet-edge-1")?.records).toBeGreaterThan(10);
  for (const { router, bytes } of datagrams) expect(bytes.readUInt16BE(0) === 5).toBe(router === old);
});

test("a province that begins at noon does what is left of the day, by the clock that is given", () => {
  const beginMs = TEST_FROM_MS + 12 * 3_600_000;
  const whole = playPopulation(testPopulation(), { days: 1 });
  const { truth, datagrams, events } = playPopulation(testPopulation(), {
    days: 1,
    beginMs,
    clock: (ms) => ms + 7_000,
  });
  expect(Math.min(...events.map(({ atMs }) => atMs))).toBeGreaterThan(beginMs + 7_000);
  expect(Math.min(...datagrams.map(({ atMs }) => atMs))).toBeGreaterThan(beginMs + 7_000);
  expect(Math.max(...events.map(({ startedMs }) => startedMs))).toBeLessThan(TEST_FROM_MS + 86_400_000 + 7_000);
  expect(truth.flows).toBeLessThan(0.75 * whole.truth.flows);
  expect(truth.flows).toBeGreaterThan(0.4 * whole.truth.flows);
  expect(total(months(truth), "served")).toBe(truth.subscribers);
});

test.each([
  {
    says: "a beginning that is no midnight",
    options: { fromMs: TEST_FROM_MS + 1 },
    fault: /midnight of Asia\/Shanghai/,
  },
  { says: "steps that are no part of a day", options: { stepMs: 7_000_000 }, fault: /no whole part of a day/ },
  {
    says: "a sampling rate that v5 cannot tell",
    options: { samplingRate: 20_000 },
    fault: /ln-broadnet-edge-1: .*16383/,
  },
])("$says is refused in a sentence", ({ options, fault }) => {
  expect(() =>
    createPopulation(testPopulation(), { seed: 1, subscribers: 100, fromMs: TEST_FROM_MS, days: 1, ...options }),
  ).toThrow(fault);
});
