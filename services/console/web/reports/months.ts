import type { api } from "@v6meter/schemas";

/** Months that are listed before the current one, whether anything was taken of them or not. */
const MONTHS_BACK = 12;

/** How far a month is: open until it ends, then frozen, then published. */
export type MonthState = "open" | "unfrozen" | "taking" | "closed" | "published";

/** A month and the versions of its figures, the newest first. */
export interface ReportMonth {
  readonly month: string;
  readonly state: MonthState;
  readonly versions: readonly api.Snapshot[];
}

/** The month of a moment in Asia/Shanghai (UTC+8, no summer time). */
export const monthAt = (atMs: number) => new Date(atMs + 28_800_000).toISOString().slice(0, 7);

const before = (month: string) => monthAt(Date.parse(`${month}-01T00:00:00+08:00`) - 1);

/** The months from the current one back, and every other that has a version. */
export function monthsOf(snapshots: readonly api.Snapshot[], nowMs: number): ReportMonth[] {
  const current = monthAt(nowMs);
  const names = new Set(snapshots.map(({ month }) => month));
  for (let month = current, i = 0; i <= MONTHS_BACK; i += 1, month = before(month)) names.add(month);
  return [...names]
    .sort()
    .reverse()
    .map((month) => {
      const versions = snapshots.filter((it) => it.month === month);
      const taken = versions.filter(({ state }) => state === "taken");
      const state: MonthState = taken.some(({ published_at }) => published_at !== null)
        ? "published"
        : taken.length > 0
          ? "closed"
          : versions.some((it) => it.state === "taking")
            ? "taking"
            : month >= current
              ? "open"
              : "unfrozen";
      return { month, state, versions };
    });
}
