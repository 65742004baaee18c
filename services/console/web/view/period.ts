const HOUR_MS = 3_600_000;
const STEP_MS = 300_000;

/** Periods a page offers; a month such as 2026-11 is one too. */
export const PERIODS = { "1h": 1, "24h": 24, "7d": 168, "30d": 720, "365d": 8_760, "1825d": 43_800 } as const;

/** A period as the API takes it. */
export interface Period {
  readonly from: string;
  readonly to: string;
}

/** The period a word of the address names, up to the next whole step of five minutes. */
export function periodOf(word: string, nowMs: number): Period {
  const [from, to] = word.split("~");
  if (from && to) return { from, to };
  const hours = PERIODS[word as keyof typeof PERIODS] ?? 24;
  const toMs = Math.ceil(nowMs / STEP_MS) * STEP_MS;
  return { from: new Date(toMs - hours * HOUR_MS).toISOString(), to: new Date(toMs).toISOString() };
}

/** The period of the same length before. */
export function before({ from, to }: Period): Period {
  const lengthMs = Date.parse(to) - Date.parse(from);
  return { from: new Date(Date.parse(from) - lengthMs).toISOString(), to: from };
}

/** The narrowest interval that gives a period at most some 400 rows a group. */
export function intervalOf({ from, to }: Period): "5m" | "1h" | "1d" | "1mo" {
  const hours = (Date.parse(to) - Date.parse(from)) / HOUR_MS;
  if (hours <= 30) return "5m";
  if (hours <= 400) return "1h";
  return hours <= 12_000 ? "1d" : "1mo";
}
