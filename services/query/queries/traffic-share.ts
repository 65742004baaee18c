import { addressBytes, addressText, api } from "@v6meter/schemas";
import { defineQuery } from "@v6meter/store";
import { z } from "zod";

/** An exporter's address as a person writes it; empty where rows are not by exporter. */
export const exporterText = z
  .string()
  .transform((text) => (text === "" ? "" : addressText(addressBytes(text) as Uint8Array)));

const texts = z.array(z.string());
const figures = api.trafficShare.shape.total.shape;

export const trafficShareQuery = defineQuery({
  name: "traffic-share",
  params: z.strictObject({
    table: z.enum(["flows_5m", "flows_1h", "flows_1d"]),
    from_s: z.int(),
    to_s: z.int(),
    interval: z.enum(["", ...api.SHARE_INTERVALS]),
    counted_least: z.literal([1, 2]),
    row_limit: z.int(),
    by_region: z.boolean(),
    by_operator: z.boolean(),
    by_access: z.boolean(),
    by_direction: z.boolean(),
    by_technology: z.boolean(),
    by_observation_point: z.boolean(),
    by_exporter: z.boolean(),
    region: texts,
    operator: texts,
    access: texts,
    direction: texts,
    technology: texts,
    observation_point: texts,
    exporter: texts,
    v4_technologies: texts,
    v6_transition_technologies: texts,
    native_technologies: texts,
  }),
  row: z.object({
    is_total: z.int(),
    at_s: z.int(),
    region: z.string(),
    operator: z.string(),
    access: z.string(),
    direction: z.string(),
    technology: z.string(),
    observation_point: z.string(),
    exporter: exporterText,
    ...figures,
  }),
});
