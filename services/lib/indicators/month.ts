/** China Standard Time, without daylight saving since 1991. */
const OFFSET_MS = 8 * 3_600_000;

/** Months since 1970 in Asia/Shanghai. */
export function monthNumber(atMs: number): number {
  const date = new Date(atMs + OFFSET_MS);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** Begin of a month in Asia/Shanghai. */
export function monthBegin(number: number): number {
  return Date.UTC(Math.floor(number / 12), number % 12) - OFFSET_MS;
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
