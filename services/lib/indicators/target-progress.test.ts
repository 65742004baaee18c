import type { Indicator, Target } from "@v6meter/schemas";
import { describe, expect, test } from "vitest";
import { isMonthBegin, monthBegin, monthNumber } from "./month.ts";
import { targetProgress } from "./target-progress.ts";

const at = (month: string) => Date.parse(`${month}-01T00:00:00+08:00`);
const target = (value: number, by: string) => ({ id: "t1", value, by }) as Target;
const rising = { good: "higher" } as Indicator;
const falling = { good: "lower" } as Indicator;
const months = (...figures: [string, number][]) => figures.map(([month, value]) => ({ atMs: at(month), value }));

test("months are those of Asia/Shanghai", () => {
  expect(monthNumber(Date.parse("2025-12-31T16:00:00Z"))).toBe(monthNumber(Date.parse("2026-01-15T00:00:00Z")));
  expect(monthBegin(monthNumber(at("2026-01")))).toBe(at("2026-01"));
  expect([isMonthBegin(at("2026-01")), isMonthBegin(Date.parse("2026-01-01T00:00:00Z"))]).toEqual([true, false]);
});

describe("a target that is to be risen to", () => {
  test("goes on at the slope of the line through the months of the last year", () => {
    const it = targetProgress(
      target(0.7, "2025-12"),
      rising,
      // The slope of the last 12 months is 0.01; what is older is steeper and does not count.
      months(["2023-01", 0], ["2024-06", 0.5], ["2024-12", 0.56], ["2025-03", 0.59], ["2025-06", 0.62]),
    );
    expect(it.current).toEqual({ atMs: at("2025-06"), value: 0.62 });
    expect(it.paceAMonth).toBeCloseTo(0.01, 12);
    expect(it.gap).toBeCloseTo(0.08, 12);
    expect(it.progress).toBeCloseTo(0.62 / 0.7, 12);
    expect(it.neededAMonth).toBeCloseTo(0.08 / 6, 12);
    expect(it.projectedMs).toBe(at("2026-02"));
  });

  test("has no projection where the pace leads away, and none from one month", () => {
    expect(targetProgress(target(9, "2025-12"), rising, months(["2025-01", 8], ["2025-02", 7])).projectedMs).toBeNull();
    const one = targetProgress(target(9, "2025-12"), rising, months(["2025-01", 8]));
    expect(one).toMatchObject({ paceAMonth: null, projectedMs: null, gap: 1, neededAMonth: 1 / 11 });
  });

  test("that is reached has no need of a pace", () => {
    const it = targetProgress(target(5, "2025-12"), rising, months(["2025-01", 4], ["2025-02", 6]));
    expect(it).toMatchObject({ reached: true, gap: -1, neededAMonth: null });
  });

  test("whose month is past says no pace that would reach it", () => {
    expect(
      targetProgress(target(5, "2024-12"), rising, months(["2025-01", 3], ["2025-02", 4])).neededAMonth,
    ).toBeNull();
  });
});

test("what is to fall is reached from above", () => {
  const it = targetProgress(target(2, "2025-12"), falling, months(["2025-01", 8], ["2025-02", 7]));
  expect(it).toMatchObject({ reached: false, gap: 5, progress: 2 / 7, projectedMs: at("2025-07") });
  expect(targetProgress(target(2, "2025-12"), falling, months(["2025-02", 1])).reached).toBe(true);
});

test("without a figure nothing is said", () => {
  expect(targetProgress(target(2, "2025-12"), rising, [])).toMatchObject({ current: null, gap: null, progress: null });
});
