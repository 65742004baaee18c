const MINUTE_MS = 60_000;

/** Tables of the traffic by width. */
export type Rollup = "flows_5m" | "flows_1h" | "flows_1d";

/** Widest first; the day's buckets begin at midnight in Asia/Shanghai. */
const ROLLUPS = [
  { table: "flows_1d", widthMs: 1_440 * MINUTE_MS, offsetMs: 480 * MINUTE_MS, serves: ["1mo", "1d", null] },
  { table: "flows_1h", widthMs: 60 * MINUTE_MS, offsetMs: 0, serves: ["1mo", "1d", "1h", null] },
] as const;

/** The widest rollup whose buckets fit the period and the interval exactly. */
export function rollupOf(
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  interval: string | null | undefined,
): Rollup {
  const fits = ROLLUPS.find(
    ({ widthMs, offsetMs, serves }) =>
      (serves as readonly (string | null)[]).includes(interval ?? null) &&
      (fromMs + offsetMs) % widthMs === 0 &&
      (toMs + offsetMs) % widthMs === 0,
  );
  return fits?.table ?? "flows_5m";
}
