import { api } from "@v6meter/schemas";
import { defineQuery } from "@v6meter/store";
import { z } from "zod";

const texts = z.array(z.string());

/** Bytes by operator of the subscriber and network at the far side. */
export const trafficPeersQuery = defineQuery({
  name: "traffic-peers",
  params: z.strictObject({
    from_s: z.int(),
    to_s: z.int(),
    operator: texts,
    range_starts: z.array(z.bigint()),
    range_operators: texts,
    asns: z.array(z.int()),
    as_operators: texts,
    peers_max: z.int().min(1),
    v4_technologies: texts,
    v6_transition_technologies: texts,
    native_technologies: texts,
  }),
  row: z.object({
    is_total: z.int(),
    operator: z.string(),
    peer: z.string(),
    ...api.trafficPeers.shape.total.shape,
  }),
});
