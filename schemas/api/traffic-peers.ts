import { z } from "zod";
import { periodParameters, registryWord, requirePeriod } from "./parameters.ts";
import { pairFigures, wholeDaysPeriod } from "./traffic-pairs.ts";

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
    period: wholeDaysPeriod,
    rows: z.array(peerRow).describe("The greatest first"),
    total: z.object(pairFigures).describe("Sums over the traffic of all rows, and the share of these sums"),
  })
  .describe("Who carries traffic to whom");
export type TrafficPeers = z.infer<typeof trafficPeers>;
