import { api, Fault } from "@v6meter/schemas";
import { namedPeriod, type Period } from "../period.ts";

const DAY_MS = 86_400_000;

/** A period of the rollups of users. */
export interface UsersPeriod extends Period {
  /** First day and the day after the last one, in Asia/Shanghai. */
  readonly from_day: string;
  readonly to_day: string;
  /** Whole calendar months, which the monthly rollups hold. */
  readonly monthly: boolean;
}

/** The day of Asia/Shanghai a moment lies in. */
function dayOf(atMs: number): string {
  return api.instantText(atMs).slice(0, 10);
}

function usersPeriod(period: Period, monthly: boolean): UsersPeriod {
  return { ...period, from_day: dayOf(period.fromMs), to_day: dayOf(period.toMs), monthly };
}

/** The period that validated parameters name; the month that `nowMs` lies in where they name none. */
export function namedUsersPeriod(
  { day, month, rolling30d }: { day?: string | undefined; month?: string | undefined; rolling30d?: string | undefined },
  nowMs: number,
): UsersPeriod {
  if (rolling30d !== undefined) {
    const toMs = Date.parse(`${rolling30d}T00:00:00+08:00`) + DAY_MS;
    return usersPeriod({ fromMs: toMs - 30 * DAY_MS, toMs }, false);
  }
  const named = namedPeriod(day === undefined ? { month: month ?? dayOf(nowMs).slice(0, 7) } : { day }, nowMs);
  if (!named) throw new Fault("INTERNAL", "period: neither a day nor a month is named.");
  return usersPeriod(named, day === undefined);
}

/** The month before a month, with it as one period. */
export function withMonthBefore(month: UsersPeriod): UsersPeriod {
  const before = namedUsersPeriod({ month: dayOf(month.fromMs - DAY_MS).slice(0, 7) }, month.fromMs);
  return { ...month, fromMs: before.fromMs, from_day: before.from_day };
}
