const HOUR_MS = 3_600_000;
const STEP_MS = 300_000;
const ZONE_MS = 8 * HOUR_MS;

/** Periods a page offers, in hours. */
export const PERIODS = {
  "5m": 1 / 12,
  "1h": 1,
  "24h": 24,
  "7d": 168,
  "30d": 720,
  "365d": 8_760,
  "1825d": 43_800,
} as const;

/** A period as the API takes it. */
export interface Period {
  readonly from: string;
  readonly to: string;
}

/** Asia/Shanghai as an input of date and time has it, such as 2026-11-24T08:00. */
export function localOf(instant: string): string {
  return new Date(Date.parse(instant) + ZONE_MS).toISOString().slice(0, 16);
}

/** The word of the address for a period of two local times. */
export const wordOf = (from: string, to: string) => `${from}~${to}`;

/** The period of two local times, or instants; null where they are none or do not follow each other. */
export function periodBetween(word: string): Period | null {
  const [fromMs = Number.NaN, toMs = Number.NaN] = word
    .split("~")
    .map((text) => Date.parse(/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}+08:00`));
  return fromMs < toMs ? { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() } : null;
}

/** The month of Asia/Shanghai that a moment is in, such as 2026-11, or the one so many months after it. */
export function monthOf(atMs: number, after = 0): string {
  const at = new Date(atMs + ZONE_MS);
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + after)).toISOString().slice(0, 7);
}

/** The month a moment is in and those before it, so many in all. */
export function monthsUpTo(atMs: number, count: number): string[] {
  return Array.from({ length: count }, (_, back) => monthOf(atMs, -back));
}

const MONTH = /^20\d\d-(0[1-9]|1[0-2])$/;
const beginOf = (month: string) => Date.parse(`${month}-01T00:00:00+08:00`);

/**
 * The period a word of the address names: two times, a month of Asia/Shanghai, or one of PERIODS up to the next whole
 * step of five minutes.
 */
export function periodOf(word: string, nowMs: number): Period {
  if (MONTH.test(word)) {
    const fromMs = beginOf(word);
    return { from: new Date(fromMs).toISOString(), to: new Date(beginOf(monthOf(fromMs, 1))).toISOString() };
  }
  const between = periodBetween(word);
  if (between) return between;
  const hours = PERIODS[word as keyof typeof PERIODS] ?? 24;
  const toMs = Math.ceil(nowMs / STEP_MS) * STEP_MS;
  return { from: new Date(toMs - hours * HOUR_MS).toISOString(), to: new Date(toMs).toISOString() };
}

/** The period of the same length before. */
export function before({ from, to }: Period): Period {
  const lengthMs = Date.parse(to) - Date.parse(from);
  return { from: new Date(Date.parse(from) - lengthMs).toISOString(), to: from };
}

/** The same dates of Asia/Shanghai a year before. */
export function yearBefore({ from, to }: Period): Period {
  const back = (instant: string) => {
    const local = new Date(Date.parse(instant) + ZONE_MS);
    local.setUTCFullYear(local.getUTCFullYear() - 1);
    return new Date(local.getTime() - ZONE_MS).toISOString();
  };
  return { from: back(from), to: back(to) };
}

/** What a period is compared with: `before`, `year` or two times; null where the word is none of them. */
export function comparedPeriod(word: string, period: Period): Period | null {
  if (word === "before") return before(period);
  return word === "year" ? yearBefore(period) : periodBetween(word);
}

/** The narrowest interval that gives a period at most some 400 rows a group. */
export function intervalOf({ from, to }: Period): "5m" | "1h" | "1d" | "1mo" {
  const hours = (Date.parse(to) - Date.parse(from)) / HOUR_MS;
  if (hours <= 30) return "5m";
  if (hours <= 400) return "1h";
  return hours <= 12_000 ? "1d" : "1mo";
}
