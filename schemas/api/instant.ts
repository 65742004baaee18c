import { z } from "zod";

/** The calendar that cuts days and months: China Standard Time, UTC+8 without daylight saving since 1991. */
export const ZONE = "Asia/Shanghai";

/** How far it is ahead of UTC. */
export const ZONE_OFFSET_MS = 8 * 3_600_000;

/** An instant as the API prints it: ISO 8601 in UTC+8, with milliseconds only where there are some. */
export function instantText(atMs: number): string {
  return `${new Date(atMs + ZONE_OFFSET_MS).toISOString().replace(/(\.000)?Z$/, "")}+08:00`;
}

/** The month of Asia/Shanghai a moment lies in, such as 2026-10. */
export function monthText(atMs: number): string {
  return instantText(atMs).slice(0, 7);
}

/** An instant in an answer. */
export const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?\+08:00$/)
  .meta({ description: "ISO 8601 with the offset +08:00", examples: ["2026-11-24T00:00:00+08:00"] });
