import type { api } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { monthsOf } from "./months.ts";

const snapshot = (month: string, version: number, more: Partial<api.Snapshot>) =>
  ({ id: `${month}-v${version}`, month, version, state: "taken", published_at: null, ...more }) as api.Snapshot;

test("a month is open until it ends in Asia/Shanghai, then closed once it is frozen, then published", () => {
  const months = monthsOf(
    [
      snapshot("2026-10", 2, { state: "taking" }),
      snapshot("2026-10", 1, {}),
      snapshot("2026-09", 1, { published_at: "2026-10-02T00:00:00Z" }),
      snapshot("2026-08", 1, { state: "taking" }),
      snapshot("2020-01", 1, {}),
    ],
    Date.parse("2026-10-31T16:00:00Z"),
  );
  expect(months.slice(0, 5).map(({ month, state }) => `${month} ${state}`)).toEqual([
    "2026-11 open",
    "2026-10 closed",
    "2026-09 published",
    "2026-08 taking",
    "2026-07 unfrozen",
  ]);
  expect(months.map(({ month }) => month)).toContain("2020-01");
  expect(months.length).toBe(14);
});
