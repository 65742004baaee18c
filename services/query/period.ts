import { api, Fault } from "@v6meter/schemas";
import type { Period } from "@v6meter/users";

const DAY_MS = 86_400_000;

/** The period that validated parameters name; null where they name none. Throws QUERY_INVALID for a future one without end. */
export function namedPeriod({ from, to, day, month }: api.PeriodParameters, nowMs: number): Period | null {
  if (day !== undefined) {
    const fromMs = Date.parse(`${day}T00:00:00+08:00`);
    return { fromMs, toMs: fromMs + DAY_MS };
  }
  if (month !== undefined) {
    const [year, number] = month.split("-").map(Number) as [number, number];
    const next = number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, "0")}`;
    return { fromMs: Date.parse(`${month}-01T00:00:00+08:00`), toMs: Date.parse(`${next}-01T00:00:00+08:00`) };
  }
  if (from === undefined) return null;
  const period = { fromMs: Date.parse(from), toMs: to === undefined ? nowMs : Date.parse(to) };
  if (period.fromMs < period.toMs) return period;
  throw new Fault(
    "QUERY_INVALID",
    `from: found ${JSON.stringify(from)}, which is after now; allowed without to: the past.`,
  );
}

/** The last 24 hours. */
export function lastDay(nowMs: number): Period {
  return { fromMs: nowMs - DAY_MS, toMs: nowMs };
}

/** The smallest period of whole steps that holds this one. */
export function widened({ fromMs, toMs }: Period, stepMs: number): Period {
  return { fromMs: Math.floor(fromMs / stepMs) * stepMs, toMs: Math.ceil(toMs / stepMs) * stepMs };
}

/** The smallest period of whole days of Asia/Shanghai that holds this one. */
export function wholeDays({ fromMs, toMs }: Period): Period {
  const { fromMs: from, toMs: to } = widened(
    { fromMs: fromMs + api.ZONE_OFFSET_MS, toMs: toMs + api.ZONE_OFFSET_MS },
    DAY_MS,
  );
  return { fromMs: from - api.ZONE_OFFSET_MS, toMs: to - api.ZONE_OFFSET_MS };
}

/** A period as answers print it. */
export function periodText({ fromMs, toMs }: Period): { from: string; to: string; zone: typeof api.ZONE } {
  return { from: api.instantText(fromMs), to: api.instantText(toMs), zone: api.ZONE };
}
