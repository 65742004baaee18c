import { api } from "@v6meter/schemas";

/** A half-open span of time, in milliseconds since 1970-01-01 UTC. */
export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A period of the rollups of users. */
export interface UsersPeriod extends Period {
  /** First day and the day after the last one, in Asia/Shanghai. */
  readonly from_day: string;
  readonly to_day: string;
  /** Whole calendar months, which the monthly rollups hold. */
  readonly monthly: boolean;
}

const DAY_MS = 86_400_000;

/** The day of Asia/Shanghai a moment lies in. */
export function dayOf(atMs: number): string {
  return api.instantText(atMs).slice(0, 10);
}

/** The first day of Asia/Shanghai that begins at a moment or after it. */
const firstDayFrom = (atMs: number) => dayOf(atMs + DAY_MS - 1);

/** The days that begin within a period, read from the monthly rollups where `monthly` says that it is whole months. */
export function usersPeriod({ fromMs, toMs }: Period, monthly: boolean): UsersPeriod {
  return { fromMs, toMs, from_day: firstDayFrom(fromMs), to_day: firstDayFrom(toMs), monthly };
}
