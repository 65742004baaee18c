import type { Province } from "./day.ts";

/** When each datagram of a province is due. */
export interface Pace {
  /** Datagrams due at `nowMs`, over all days so far. */
  due(nowMs: number): number;
  /** Datagrams to send at once at most: 4 ms' worth, at least `least`. */
  burst(least: number): number;
  /** The hour a datagram of the day belongs to. */
  hourAt(position: number): number;
}

/**
 * Every simulated hour takes the same time, so that busy hours come faster: a day lasts its records
 * over `ratePerS`. With a rate of Infinity everything is due at once.
 */
export function createPace({ hourStarts, truth }: Province, ratePerS: number, startMs: number): Pace {
  const datagrams = hourStarts[24] as number;
  const dayMs = (truth.records / ratePerS) * 1000;
  const hourMs = dayMs / 24;
  return {
    due(nowMs) {
      if (dayMs === 0) return Number.POSITIVE_INFINITY;
      const day = Math.floor((nowMs - startMs) / dayMs);
      const inDayMs = nowMs - startMs - day * dayMs;
      const hour = Math.min(23, Math.floor(inDayMs / hourMs));
      const from = hourStarts[hour] as number;
      const to = hourStarts[hour + 1] as number;
      return day * datagrams + from + Math.ceil((to - from) * Math.min(1, inDayMs / hourMs - hour));
    },
    burst: (least) => (dayMs === 0 ? least : Math.max(least, Math.ceil((datagrams / dayMs) * 4))),
    hourAt(position) {
      let hour = 0;
      while (hour < 23 && (hourStarts[hour + 1] as number) <= position) hour++;
      return hour;
    },
  };
}
