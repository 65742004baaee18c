import { z } from "zod";
import { count, ratio } from "./count.ts";
import { instant, ZONE } from "./instant.ts";
import { periodParameters, registryWord, requirePeriod } from "./parameters.ts";

const PEERS = { error: "a whole number from 1 to 500" };

/** Parameters of `GET /api/v1/traffic/peers`. */
export const trafficPeersParameters = z
  .strictObject({
    ...periodParameters,
    operator: z.array(registryWord).default([]).describe("Operator of the subscriber side"),
    peers: z.coerce
      .number(PEERS)
      .int(PEERS)
      .min(1, PEERS)
      .max(500, PEERS)
      .default(30)
      .describe("So many networks at the far side, the greatest, are told apart; the rest are other"),
  })
  .superRefine(requirePeriod);
export type TrafficPeersParameters = z.output<typeof trafficPeersParameters>;

const pairFigures = {
  v6_bytes: count.describe("IPv6, transition technologies among it"),
  v4_bytes: count.describe("IPv4, DS-Lite and MAP-E among it"),
  total_bytes: count.describe("v6_bytes + v4_bytes"),
  share: ratio.describe("v6_bytes / total_bytes; null where total_bytes is 0"),
};

/** The traffic of an operator's subscribers with one network at the far side. */
export const peerRow = z.object({
  operator: z.string().describe("Operator of the subscriber side"),
  peer: z
    .string()
    .describe(
      "Network at the far side: an operator of the registry, AS and its number as exported, other beyond the greatest, or unknown",
    ),
  ...pairFigures,
});
export type PeerRow = z.infer<typeof peerRow>;

/** Answer of `GET /api/v1/traffic/peers`. */
export const trafficPeers = z
  .object({
    period: z
      .object({ from: instant, to: instant, zone: z.literal(ZONE) })
      .describe("The period in force, [from, to): what was asked for, widened to whole days of Asia/Shanghai"),
    rows: z.array(peerRow).describe("The greatest first"),
    total: z.object(pairFigures).describe("Sums over the traffic of all rows, and the share of these sums"),
  })
  .describe("Who carries traffic to whom");
export type TrafficPeers = z.infer<typeof trafficPeers>;
