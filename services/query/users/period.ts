import { api, Fault } from "@v6meter/schemas";
import { type UsersPeriod, usersPeriod } from "@v6meter/users";
import { namedPeriod } from "../period.ts";

const DAY_MS = 86_400_000;

/** The period that validated parameters name; the month that `nowMs` lies in where they name none. */
export function namedUsersPeriod(
  { day, month, rolling30d }: { day?: string | undefined; month?: string | undefined; rolling30d?: string | undefined },
  nowMs: number,
): UsersPeriod {
  if (rolling30d !== undefined) {
    const toMs = Date.parse(`${rolling30d}T00:00:00+08:00`) + DAY_MS;
    return usersPeriod({ fromMs: toMs - 30 * DAY_MS, toMs }, false);
  }
  const named = namedPeriod(day === undefined ? { month: month ?? api.monthText(nowMs) } : { day }, nowMs);
  if (!named) throw new Fault("INTERNAL", "period: neither a day nor a month is named.");
  return usersPeriod(named, day === undefined);
}

/** The month before a month, with it as one period. */
export function withMonthBefore(month: UsersPeriod): UsersPeriod {
  const before = namedUsersPeriod({ month: api.monthText(month.fromMs - DAY_MS) }, month.fromMs);
  return { ...month, fromMs: before.fromMs, from_day: before.from_day };
}
