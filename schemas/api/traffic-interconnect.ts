import { z } from "zod";
import { count, ratio } from "./count.ts";
import { instant, ZONE } from "./instant.ts";
import { periodParameters, registryWord, requirePeriod } from "./parameters.ts";

/** Parameters of `GET /api/v1/traffic/interconnect`. */
export const trafficInterconnectParameters = z
  .strictObject({
    ...periodParameters,
    operator: z.array(registryWord).default([]).describe("Operator on either side of a pair"),
  })
  .superRefine(requirePeriod);
export type TrafficInterconnectParameters = z.output<typeof trafficInterconnectParameters>;

const pairFigures = {
  v6_bytes: count.describe("IPv6, transition technologies among it"),
  v4_bytes: count.describe("IPv4, DS-Lite and MAP-E among it"),
  total_bytes: count.describe("v6_bytes + v4_bytes"),
  share: ratio.describe("v6_bytes / total_bytes; null where total_bytes is 0"),
};

/** What one operator sent another at direct-connect points. */
export const interconnectRow = z.object({
  from_operator: z
    .string()
    .describe(
      "Operator that the interface faces which it came in by, else the exporter's own; unknown where neither says",
    ),
  to_operator: z.string().describe("The same of the interface it went out by"),
  ...pairFigures,
});
export type InterconnectRow = z.infer<typeof interconnectRow>;

/** Answer of `GET /api/v1/traffic/interconnect`. */
export const trafficInterconnect = z
  .object({
    period: z
      .object({ from: instant, to: instant, zone: z.literal(ZONE) })
      .describe("The period in force, [from, to): what was asked for, widened to whole days of Asia/Shanghai"),
    rows: z.array(interconnectRow).describe("The greatest first"),
    total: z.object(pairFigures).describe("Sums over all rows, and the share of these sums"),
  })
  .describe("Traffic from operator to operator at direct-connect points");
export type TrafficInterconnect = z.infer<typeof trafficInterconnect>;
