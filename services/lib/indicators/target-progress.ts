import type { Indicator, Target } from "@v6meter/schemas";
import { monthBegin, monthNumber } from "./month.ts";
import type { UsersTold } from "./question.ts";

/** A monthly figure of a target's indicator; of users with how it was told. */
export interface MonthFigure extends UsersTold {
  /** Begin of the month in Asia/Shanghai. */
  readonly atMs: number;
  readonly value: number;
}

/** How far a target is, and where the pace of the last year leads. */
export interface TargetProgress {
  readonly current: MonthFigure | null;
  /** Current over target; for what is to fall, target over current. */
  readonly progress: number | null;
  /** What is missing in the indicator's unit; 0 or less once reached. */
  readonly gap: number | null;
  readonly reached: boolean;
  /** Change a month: the least-squares line over the months of the last year. */
  readonly paceAMonth: number | null;
  /** Change a month that would reach it by its month; null once that is past or it is reached. */
  readonly neededAMonth: number | null;
  /** Begin of the month in which the line reaches the target; null where it never does within 50 years. */
  readonly projectedMs: number | null;
}

/** The pace is that of so many months. */
export const LOOK_BACK_MONTHS = 12;
const FARTHEST_MONTHS = 600;

/** Slope and level at the last month of the least-squares line; null under two months. */
function lineOf(points: readonly { readonly month: number; readonly value: number }[]) {
  if (points.length < 2) return null;
  const mean = (of: (point: (typeof points)[number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const month = mean((point) => point.month);
  const value = mean((point) => point.value);
  const spread = mean((point) => (point.month - month) ** 2);
  const slope = mean((point) => (point.month - month) * (point.value - value)) / spread;
  return { slope };
}

/**
 * Progress by a plain method: the current figure is the latest month's; the pace is the slope of the
 * least-squares line through the months of the last 12 before and with it (two at least); the projection goes
 * from the current figure at that pace. `months` are whole months in order, one figure each.
 */
export function targetProgress(
  { value: aim, by }: Target,
  { good }: Indicator,
  months: readonly MonthFigure[],
): TargetProgress {
  const current = months.at(-1) ?? null;
  if (current === null)
    return {
      current,
      progress: null,
      gap: null,
      reached: false,
      paceAMonth: null,
      neededAMonth: null,
      projectedMs: null,
    };
  const falling = good === "lower";
  const gap = falling ? current.value - aim : aim - current.value;
  const reached = gap <= 0;
  const now = monthNumber(current.atMs);
  const line = lineOf(
    months
      .map(({ atMs, value }) => ({ month: monthNumber(atMs), value }))
      .filter(({ month }) => month >= now - LOOK_BACK_MONTHS),
  );
  const [over, under] = falling ? [aim, current.value] : [current.value, aim];
  const left = monthNumber(Date.parse(`${by}-01T00:00:00+08:00`)) - now;
  const ahead = line === null ? Number.NaN : Math.ceil((aim - current.value) / line.slope);
  return {
    current,
    progress: under === 0 ? null : over / under,
    gap,
    reached,
    paceAMonth: line?.slope ?? null,
    neededAMonth: reached || left <= 0 ? null : (aim - current.value) / left,
    projectedMs: reached ? current.atMs : ahead > 0 && ahead <= FARTHEST_MONTHS ? monthBegin(now + ahead) : null,
  };
}
