import { z } from "zod";
import { count, ratio } from "./count.ts";
import { instant, ZONE } from "./instant.ts";

/** Figures of the traffic between two sides. */
export const pairFigures = {
  v6_bytes: count.describe("IPv6, transition technologies among it"),
  v4_bytes: count.describe("IPv4, DS-Lite and MAP-E among it"),
  total_bytes: count.describe("v6_bytes + v4_bytes"),
  share: ratio.describe("v6_bytes / total_bytes; null where total_bytes is 0"),
};

/** The period of an answer of whole days. */
export const wholeDaysPeriod = z
  .object({ from: instant, to: instant, zone: z.literal(ZONE) })
  .describe("The period in force, [from, to): what was asked for, widened to whole days of Asia/Shanghai");
