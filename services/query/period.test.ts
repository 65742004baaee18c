import { rollupOf } from "@v6meter/indicators";
import { api } from "@v6meter/schemas";
import { describe, expect, test } from "vitest";
import { namedPeriod } from "./period.ts";

const period = (from: string, to: string) => ({ fromMs: Date.parse(from), toMs: Date.parse(to) });

describe("the widest rollup that fits the period and the interval is read", () => {
  test.each([
    { from: "2026-11-24T00:00:00+08:00", to: "2026-11-25T00:00:00+08:00", interval: undefined, table: "flows_1d" },
    { from: "2026-11-24T00:00:00+08:00", to: "2026-11-25T00:00:00+08:00", interval: "1d", table: "flows_1d" },
    { from: "2026-11-01T00:00:00+08:00", to: "2026-12-01T00:00:00+08:00", interval: "1mo", table: "flows_1d" },
    { from: "2026-11-24T00:00:00+08:00", to: "2026-11-25T00:00:00+08:00", interval: "1h", table: "flows_1h" },
    { from: "2026-11-24T00:00:00+08:00", to: "2026-11-25T00:00:00+08:00", interval: "5m", table: "flows_5m" },
    { from: "2026-11-24T00:00:00Z", to: "2026-11-25T00:00:00Z", interval: "1d", table: "flows_1h" },
    { from: "2026-11-24T00:00:00+08:00", to: "2026-11-24T01:00:00+08:00", interval: undefined, table: "flows_1h" },
    { from: "2026-11-24T00:05:00+08:00", to: "2026-11-25T00:00:00+08:00", interval: "1mo", table: "flows_5m" },
  ] as const)("$from to $to by $interval: $table", ({ from, to, interval, table }) => {
    expect(rollupOf(period(from, to), interval)).toBe(table);
  });
});

describe("days and months begin at 16:00 UTC of the day before", () => {
  test.each([
    { named: { day: "2026-11-24" }, from: "2026-11-23T16:00:00Z", to: "2026-11-24T16:00:00Z" },
    { named: { day: "2024-02-29" }, from: "2024-02-28T16:00:00Z", to: "2024-02-29T16:00:00Z" },
    { named: { month: "2026-02" }, from: "2026-01-31T16:00:00Z", to: "2026-02-28T16:00:00Z" },
    { named: { month: "2026-12" }, from: "2026-11-30T16:00:00Z", to: "2026-12-31T16:00:00Z" },
  ])("$named", ({ named, from, to }) => expect(namedPeriod(named, 0)).toEqual(period(from, to)));
});

test("an instant prints in UTC+8, with milliseconds where it has some", () => {
  expect(api.instantText(Date.parse("2026-11-23T16:00:00Z"))).toBe("2026-11-24T00:00:00+08:00");
  expect(api.instantText(Date.parse("2026-11-23T15:59:59.999Z"))).toBe("2026-11-23T23:59:59.999+08:00");
});
