import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeConfig } from "@v6meter/schemas";
import { defineQuery, openEmbeddedStore, type Store } from "@v6meter/store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { counted, EXACT_UP_TO, inBoth, STATE_DEVIATION, without } from "./state-error.ts";

let store: Store;
let path: string;
beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), "v6meter-users-"));
  store = await openEmbeddedStore({ path, config: storeConfig.parse({}) });
});
afterAll(async () => {
  await store.stop();
  await rm(path, { recursive: true });
});

const TRIALS = 24;

/** Counts of the engine's own states: of `size` subscribers, and of the part whose number is below `part`. */
function states(size: number, part: number) {
  const query = defineQuery({
    name: "states",
    sql: `SELECT
        toFloat64(uniqCombined64(17)(hash)) AS whole,
        toFloat64(uniqCombined64If(17)(hash, n < {part:UInt64})) AS inside,
        toFloat64(uniqCombined64If(17)(hash, n >= {part:UInt64} / 2)) AS overlapping
      FROM (SELECT trial, number AS n, sipHash64(trial, number) AS hash
        FROM numbers({size:UInt64}) AS k CROSS JOIN (SELECT number AS trial FROM numbers({trials:UInt64})) AS t)
      GROUP BY trial`,
    params: z.strictObject({ size: z.int(), part: z.int(), trials: z.int() }),
    row: z.object({ whole: z.number(), inside: z.number(), overlapping: z.number() }),
  });
  return store.query(query, { size, part, trials: TRIALS });
}

/** Standard deviation about the truth, as a part of it. */
const deviation = (values: readonly number[], truth: number) =>
  Math.sqrt(values.reduce((sum, value) => sum + (value / truth - 1) ** 2, 0) / values.length);

describe("the engine's states of subscribers", () => {
  test("are exact as far as is said, and not much further", async () => {
    for (const { whole } of await states(EXACT_UP_TO, 100)) expect(whole).toBe(EXACT_UP_TO);
    const above = await states(3 * EXACT_UP_TO, 100);
    expect(above.some(({ whole }) => whole !== 3 * EXACT_UP_TO)).toBe(true);
  });

  test.each([20_000, 100_000])("of %d err by no more than is said", async (size) => {
    const told = await states(size, 100);
    expect(
      deviation(
        told.map(({ whole }) => whole),
        size,
      ),
    ).toBeLessThan(STATE_DEVIATION * 1.4);
    const held = told.filter(({ whole }) => counted(whole).low <= size && size <= counted(whole).high);
    expect(held.length).toBeGreaterThanOrEqual(TRIALS * 0.95);
  });

  test.each([0.02, 0.1, 0.5])(
    "those of a union who are not in a part of it, %d of all, are told within the interval",
    async (part) => {
      const size = 100_000;
      const told = await states(size, size * (1 - part));
      const figures = told.map(({ whole, inside }) => without(whole, inside));
      const held = figures.filter(({ low, high }) => low <= size * part && size * part <= high);
      expect(held.length).toBeGreaterThanOrEqual(TRIALS * 0.95);
      // Far nearer than two counts that err on their own: what both have in common errs alike.
      const alone = (STATE_DEVIATION * Math.SQRT2) / part;
      expect(
        deviation(
          figures.map(({ users }) => users),
          size * part,
        ),
      ).toBeLessThan(alone);
    },
  );

  test("those who are in both of two sets are told within the interval", async () => {
    const size = 100_000;
    const told = await states(size, 80_000);
    // Below 80,000, and from 40,000 on: 40,000 are both.
    const held = told
      .map(({ whole, inside, overlapping }) => inBoth(inside, overlapping, whole))
      .filter(({ low, high }) => low <= 40_000 && 40_000 <= high);
    expect(held.length).toBeGreaterThanOrEqual(TRIALS * 0.95);
  });
});

test("small sets are exact, and no difference is below nothing or above its sets", () => {
  expect(without(100, 40)).toEqual({ users: 60, low: 60, high: 60 });
  expect(inBoth(70, 50, 90)).toEqual({ users: 30, low: 30, high: 30 });
  expect(without(100_000, 100_100).users).toBe(0);
  expect(inBoth(50_000, 60_000, 49_000).users).toBe(50_000);
});
