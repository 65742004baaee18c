import { api } from "@v6meter/schemas";

/** Months since 1970 in Asia/Shanghai. */
export function monthNumber(atMs: number): number {
  const date = new Date(atMs + api.ZONE_OFFSET_MS);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** Begin of a month in Asia/Shanghai. */
export function monthBegin(number: number): number {
  return Date.UTC(Math.floor(number / 12), number % 12) - api.ZONE_OFFSET_MS;
}

/** Begin in Asia/Shanghai of a month such as 2026-10. */
export function monthBeginOf(month: string): number {
  return Date.parse(`${month}-01T00:00:00+08:00`);
}

/** Whether a month of Asia/Shanghai begins at this moment. */
export function isMonthBegin(atMs: number): boolean {
  return monthBegin(monthNumber(atMs)) === atMs;
}

/** The period before one: as many months before whole months, else as long. */
export function periodBefore({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }) {
  if (!isMonthBegin(fromMs) || !isMonthBegin(toMs)) return { fromMs: fromMs - (toMs - fromMs), toMs: fromMs };
  const months = monthNumber(toMs) - monthNumber(fromMs);
  return { fromMs: monthBegin(monthNumber(fromMs) - months), toMs: fromMs };
}

/** Whether a period lies in more than one month: there the same subscriber is two hashes, as keys of identities change. */
export function spansMonths({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): boolean {
  return monthNumber(fromMs) !== monthNumber(toMs - 1);
}
