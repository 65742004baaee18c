import { expect, test } from "vitest";
import {
  comparedPeriod,
  intervalOf,
  localOf,
  monthOf,
  monthsUpTo,
  PERIODS,
  periodBetween,
  periodOf,
  wordOf,
} from "./period.ts";

const NOW = Date.parse("2026-11-24T12:34:56Z");
const hoursOf = ({ from, to }: { from: string; to: string }) => (Date.parse(to) - Date.parse(from)) / 3_600_000;

test.each([
  ["5m", "5m", 1],
  ["1h", "5m", 12],
  ["24h", "5m", 288],
  ["7d", "1h", 168],
  ["30d", "1d", 30],
  ["365d", "1d", 365],
  ["1825d", "1mo", 60],
] as const)("the last %s is shown by %s, in some %i steps", (word, interval, steps) => {
  const period = periodOf(word, NOW);
  expect(hoursOf(period)).toBe(PERIODS[word]);
  expect(Date.parse(period.to) % 300_000).toBe(0);
  expect(Date.parse(period.to)).toBeGreaterThanOrEqual(NOW);
  expect(intervalOf(period)).toBe(interval);
  const stepHours = { "5m": 1 / 12, "1h": 1, "1d": 24, "1mo": 730 }[interval];
  expect(Math.round(hoursOf(period) / stepHours)).toBe(steps);
});

test("two times of Asia/Shanghai are a period, and come back as they were written", () => {
  const word = wordOf("2026-11-01T00:00", "2026-11-02T08:05");
  const period = periodOf(word, NOW);
  expect(period).toEqual({ from: "2026-10-31T16:00:00.000Z", to: "2026-11-02T00:05:00.000Z" });
  expect(wordOf(localOf(period.from), localOf(period.to))).toBe(word);
  expect(periodBetween("2026-11-01T00:00Z~2026-11-01T01:00Z")?.from).toBe("2026-11-01T00:00:00.000Z");
});

test.each(["2026-11-02T00:00~2026-11-01T00:00", "x~y", "~", "2026-11-02T00:00", ""])("%j is no period", (word) => {
  expect(periodBetween(word)).toBeNull();
  expect(hoursOf(periodOf(word, NOW))).toBe(24);
});

test("a period is compared with the one before, the same dates a year ago, or any other", () => {
  const period = periodOf("2024-02-29T00:00~2024-03-01T00:00", NOW);
  expect(comparedPeriod("before", period)?.to).toBe(period.from);
  expect(comparedPeriod("year", periodOf("2026-11-01T00:00~2026-12-01T00:00", NOW))).toEqual(
    periodOf("2025-11-01T00:00~2025-12-01T00:00", NOW),
  );
  expect(comparedPeriod("2023-01-01T00:00~2023-01-03T00:00", period)).toEqual(
    periodOf("2023-01-01T00:00~2023-01-03T00:00", NOW),
  );
  expect(comparedPeriod("", period)).toBeNull();
});

test("a month is a period of Asia/Shanghai, and months follow each other over the year", () => {
  expect(periodOf("2026-12", NOW)).toEqual({ from: "2026-11-30T16:00:00.000Z", to: "2026-12-31T16:00:00.000Z" });
  expect(hoursOf(periodOf("2024-02", NOW))).toBe(29 * 24);
  expect(monthOf(Date.parse("2026-12-31T16:00:00Z"))).toBe("2027-01");
  expect(monthsUpTo(Date.parse("2026-02-01T00:00:00+08:00"), 3)).toEqual(["2026-02", "2026-01", "2025-12"]);
  expect(hoursOf(periodOf("2026-13", NOW))).toBe(24);
});
