import { z } from "zod";
import { periodParameters, registryWord, requirePeriod } from "./parameters.ts";
import { pairFigures, wholeDaysPeriod } from "./traffic-pairs.ts";

/** Parameters of `GET /api/v1/traffic/interconnect`. */
export const trafficInterconnectParameters = z
  .strictObject({
    ...periodParameters,
    operator: z.array(registryWord).default([]).describe("Operator on either side of a pair"),
  })
  .superRefine(requirePeriod);
export type TrafficInterconnectParameters = z.output<typeof trafficInterconnectParameters>;

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
    period: wholeDaysPeriod,
    rows: z.array(interconnectRow).describe("The greatest first"),
    total: z.object(pairFigures).describe("Sums over all rows, and the share of these sums"),
  })
  .describe("Traffic from operator to operator at direct-connect points");
export type TrafficInterconnect = z.infer<typeof trafficInterconnect>;
