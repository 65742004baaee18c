import { Random } from "@v6meter/random";
import { describe, expect, test } from "vitest";
import { missedShare, unseenShare } from "./chao1.ts";
import { type Cell, estimateCells, figureOf } from "./ladder.ts";

test("the bias-corrected form: those seen once and twice tell those not seen", () => {
  const share = unseenShare({ users: 100, once: 40, twice: 20 });
  expect(share?.share).toBeCloseTo((40 * 39) / (2 * 21) / 100, 12);
});

test("too few seen twice tell nothing", () => {
  expect(unseenShare({ users: 100, once: 40, twice: 4 })).toBeNull();
  expect(unseenShare({ users: 0, once: 0, twice: 0 })).toBeNull();
});

/** Packets of IoT in a month: median 20 MB in packets of 800 bytes, spread as a log-normal number. */
const MEDIAN_PACKETS = 20_000_000 / 800;
const SPREAD = 1.6;

/** Subscribers of a seeded month under packet sampling, by the packets sampled of each. */
function sampledMonth(seed: number, { subscribers, oneIn }: { subscribers: number; oneIn: number }) {
  const random = new Random(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const seen = { users: 0, once: 0, twice: 0 };
  for (let i = 0; i < subscribers; i++) {
    const packets = poisson(random, (MEDIAN_PACKETS * Math.exp(SPREAD * normal())) / oneIn);
    if (packets > 0) seen.users++;
    if (packets === 1) seen.once++;
    if (packets === 2) seen.twice++;
  }
  return seen;
}

function poisson(random: Random, mean: number): number {
  if (mean > 30) return 30;
  let left = Math.exp(-mean);
  let draws = 0;
  for (let u = random.next(); u > left; u -= left, left *= mean / draws) {
    draws++;
    if (draws > 200) return draws;
  }
  return draws;
}

const iot = (sessionUsers: number, seen: { users: number; once: number; twice: number }): Cell => ({
  region: "210100",
  operator: "telecom",
  access: "iot",
  family: 6,
  sessionUsers,
  activePrefixes: sessionUsers,
  sessionPrefixes: sessionUsers,
  unseen: unseenShare(seen),
});

describe("IoT at 1:10000", () => {
  const SUBSCRIBERS = 100_000;
  const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);

  test("the correction brings the users nearer to the truth, and never above it by more than the interval", () => {
    const months = SEEDS.map((seed) => {
      // The panel is one of 64; the cell's sessions are those of everybody seen.
      const panel = sampledMonth(seed, { subscribers: Math.round(SUBSCRIBERS / 64), oneIn: 10_000 });
      const everybody = sampledMonth(seed + 1_000, { subscribers: SUBSCRIBERS, oneIn: 10_000 });
      const cell = iot(everybody.users, panel);
      const figure = figureOf(cell, estimateCells([cell]));
      return { seen: everybody.users / SUBSCRIBERS, ...figure };
    });
    for (const { seen, users, low, high } of months) {
      expect(seen).toBeLessThan(0.82);
      expect(Math.abs((users as number) / SUBSCRIBERS - 1)).toBeLessThan(1 - seen);
      expect(low).toBeLessThanOrEqual(SUBSCRIBERS);
      expect((users as number) - SUBSCRIBERS).toBeLessThan((high as number) - (users as number));
    }
  });

  test("a lower bound still: users that sent next to nothing are not found", () => {
    const all = SEEDS.map((seed) => sampledMonth(seed, { subscribers: SUBSCRIBERS, oneIn: 10_000 }));
    for (const seen of all) {
      const told = seen.users * (1 + (unseenShare(seen)?.share ?? 0));
      expect(told).toBeLessThan(SUBSCRIBERS);
      expect(told).toBeGreaterThan(seen.users);
    }
  });
});

test("where sampling misses hardly anybody, next to nothing is added", () => {
  const seen = sampledMonth(7, { subscribers: 20_000, oneIn: 20 });
  expect(seen.users).toBeGreaterThan(19_950);
  expect(unseenShare(seen)?.share ?? 0).toBeLessThan(0.005);
});

test("what may be missed at most is never nothing where packets are sampled, and little where all are seen often", () => {
  expect(missedShare({ users: 50, once: 0, twice: 0 })).toBe(0.5 / 50);
  expect(missedShare({ users: 2_000, once: 1, twice: 3 })).toBe(4 / 8 / 2_000);
  expect(missedShare({ users: 0, once: 0, twice: 0 })).toBe(0);
});
