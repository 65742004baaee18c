import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AaaCoverage } from "@v6meter/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compare, type Verdict } from "./compare.ts";
import { measureProvince } from "./province.ts";

/** Enough for cells from which a ratio can be learned; the whole month of a million is `npm run accuracy`. */
const SUBSCRIBERS = 12_000;
const SEEDS = 20;

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function verdictOf(seed: number, aaa: AaaCoverage, days: number): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), "v6meter-accuracy-"));
  folders.push(folder);
  const sampling = 1_000;
  const options = { folder, month: "2026-09", days, subscribers: SUBSCRIBERS, seed, sampling, aaa };
  return compare(await measureProvince(options), aaa);
}

const userOf = ({ users }: Verdict, what: string) => users.find((it) => it.what === what) as Verdict["users"][number];

describe("AAA everywhere, one packet in a thousand", () => {
  let verdict: Verdict;
  beforeAll(async () => {
    verdict = await verdictOf(1, "all", 10);
  }, 300_000);

  test.each(["mobile", "fixed"])(
    "active %s users are within a hundredth of the truth, and the interval holds it to a person or two",
    (access) => {
      const { truth, low, high, error_ratio, method, coverage } = userOf(verdict, access);
      expect(method).toBe("aaa");
      expect(coverage).toBeGreaterThan(0.99);
      expect(Math.abs(error_ratio as number)).toBeLessThan(0.01);
      // A port of a shared address may by chance be Teredo's, and then IPv4 is taken for it.
      expect(low).toBeLessThanOrEqual(truth + 2);
      expect(high).toBeGreaterThanOrEqual(truth);
    },
  );

  test("every city's and operator's figure that is published is within 3 %", () => {
    const published = verdict.cells.filter(({ what, users }) => users !== null && /mobile$|fixed$/.test(what));
    expect(published.length).toBeGreaterThan(60);
    for (const { what, users, truth } of published)
      expect(Math.abs((users as number) - truth), what).toBeLessThanOrEqual(Math.max(1, 0.03 * truth));
  });

  test("the traffic share is within 0.1 percentage points", () => {
    expect(Math.abs(verdict.shares[0]?.error_pp as number)).toBeLessThan(0.1);
  });

  test("distinct /64 are several times the users: the error that is avoided", () => {
    const times = Object.fromEntries(verdict.naive.map(({ access, times_truth }) => [access, times_truth]));
    expect(times.mobile).toBeGreaterThan(5);
    expect(times.fixed).toBeGreaterThan(2);
  });
});

describe(`AAA in half of the cities, ${SEEDS} provinces`, () => {
  const verdicts: Verdict[] = [];
  beforeAll(async () => {
    for (let seed = 1; seed <= SEEDS; seed++) verdicts.push(await verdictOf(seed, "half", 4));
  }, 900_000);

  test("the province's mobile users are within 10 % of the truth each time", () => {
    for (const verdict of verdicts) {
      const { error_ratio, method } = userOf(verdict, "mobile");
      expect(method).toBe("ratio");
      expect(Math.abs(error_ratio as number)).toBeLessThan(0.1);
    }
  });

  test("the interval holds the truth in 19 of 20 provinces at least, of every operator as well", () => {
    expect(verdicts.filter((verdict) => userOf(verdict, "mobile").holds).length).toBeGreaterThanOrEqual(0.95 * SEEDS);
    const operators = verdicts.flatMap(({ users }) =>
      users.filter(({ what, high }) => /\/mobile$/.test(what) && high !== null),
    );
    expect(operators.length).toBeGreaterThan(2 * SEEDS);
    expect(operators.filter(({ holds }) => holds).length).toBeGreaterThanOrEqual(0.95 * operators.length);
  });
});
