import { z } from "zod";
import { ACCESS_TYPES, FLOW_DIRECTIONS, OBSERVATION_POINTS, TECHNOLOGIES } from "../flow/vocabulary.ts";
import { count, ratio } from "./count.ts";
import { instant, ZONE } from "./instant.ts";
import { exporterAddress, oneOf, periodParameters, registryWord, requirePeriod } from "./parameters.ts";
import { SHARE_DIMENSIONS, SHARE_INTERVALS } from "./share-words.ts";
export type ShareInterval = (typeof SHARE_INTERVALS)[number];

/** A row more than this, and the request is refused. */
export const SHARE_MAX_ROWS = 100_000;

function words<T extends string>(vocabulary: Record<T, unknown>): T[] {
  return Object.keys(vocabulary) as T[];
}

/** Parameters of `GET /api/v1/traffic/share`; the filters and `by` are lists. */
export const trafficShareParameters = z
  .strictObject({
    ...periodParameters,
    by: z
      .array(oneOf(SHARE_DIMENSIONS))
      .default([])
      .describe("Dimensions of the rows, separated by commas or repeated"),
    interval: oneOf(SHARE_INTERVALS).optional().describe("Width of the rows in time; one row a group without it"),
    region: z.array(registryWord).default([]).describe("Administrative code, such as 210100, or unknown"),
    operator: z.array(registryWord).default([]).describe("Operator of the registry, or unknown"),
    access: z
      .array(oneOf(words(ACCESS_TYPES)))
      .default([])
      .describe("Access network of the subscriber side"),
    direction: z
      .array(oneOf(words(FLOW_DIRECTIONS)))
      .default([])
      .describe("Relative to the subscriber side"),
    technology: z
      .array(oneOf(words(TECHNOLOGIES)))
      .default([])
      .describe("How the packets travel"),
    observation_point: z
      .array(oneOf(words(OBSERVATION_POINTS)))
      .default([])
      .describe("Type of observation point; see counting in the answer"),
    exporter: z.array(exporterAddress).default([]).describe("Address of an exporter"),
  })
  .superRefine(requirePeriod);
export type TrafficShareParameters = z.output<typeof trafficShareParameters>;

/** The figures of a group of traffic; all bytes are scaled by the sampling rate. */
const shareFigures = {
  v6_bytes: count.describe("v6_native_bytes + v6_transition_bytes"),
  v6_native_bytes: count.describe("Native IPv6"),
  v6_transition_bytes: count.describe("IPv6 by a transition technology (6in4, NAT64, …)"),
  v4_bytes: count.describe("IPv4, DS-Lite and MAP-E among it"),
  total_bytes: count.describe("v6_bytes + v4_bytes"),
  excluded_bytes: count.describe("In neither: special addresses, tunnels whose inner family is not exported, no IP"),
  unknown_sampling_bytes: count.describe(
    "Part of total_bytes whose sampling rate is not known: it enters as exported, so the traffic is at least that",
  ),
  share: ratio.describe("v6_bytes / total_bytes; null where total_bytes is 0"),
  native_share: ratio.describe("v6_native_bytes / total_bytes; null where total_bytes is 0"),
  records: count.describe("Flow records behind the figures"),
  completeness: ratio.describe(
    "Mean of the exporters' completeness weighted by their bytes; null where no exporter's is known",
  ),
};

/** A group's figures; the dimensions asked for stand before them. */
export const shareRow = z.object({
  at: instant.optional().describe("Begin of the row's interval"),
  region: z.string().optional(),
  operator: z.string().optional(),
  access: z.string().optional(),
  direction: z.string().optional(),
  technology: z.string().optional(),
  observation_point: z.string().optional(),
  exporter: z.string().optional(),
  ...shareFigures,
});
export type ShareRow = z.infer<typeof shareRow>;

/** Answer of `GET /api/v1/traffic/share`. */
export const trafficShare = z
  .object({
    period: z
      .object({ from: instant, to: instant, zone: z.literal(ZONE) })
      .describe("The period in force, [from, to): what was asked for, widened to whole 5 minutes"),
    interval: z.enum(SHARE_INTERVALS).nullable(),
    by: z.array(z.enum(SHARE_DIMENSIONS)),
    counting: z
      .enum(["once", "once_per_observation_point"])
      .describe(
        "once: a flow seen by several routers counts where it was seen first. once_per_observation_point: grouped or filtered by observation_point it counts once for each type, so that rows of several types, and their total, hold it more than once",
      ),
    rows: z.array(shareRow),
    total: z.object(shareFigures).describe("Sums over the traffic of all rows, and the shares of these sums"),
  })
  .describe("The traffic by rows and in total");
export type TrafficShare = z.infer<typeof trafficShare>;
