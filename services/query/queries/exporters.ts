import { exporterStatus } from "@v6meter/schemas";
import { defineQuery } from "@v6meter/store";
import { z } from "zod";
import { exporterText } from "./traffic-share.ts";

const { version, observation_domain, source_port, templates, options_templates, sampling, interfaces, name } =
  exporterStatus.shape;
const milliseconds = z.string().transform(Number);

/** JSON in a String column. */
export function json<T extends z.ZodType>(schema: T) {
  return z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(schema);
}

/** Every export stream as last told. */
export const exportersQuery = defineQuery({
  name: "exporters",
  params: z.strictObject({ exporter: z.array(z.string()) }),
  row: z.object({
    exporter_text: exporterText,
    version,
    observation_domain,
    source_port,
    first_seen_at_ms: milliseconds,
    last_seen_at_ms: milliseconds,
    templates,
    options_templates,
    sampling: json(sampling),
    sampling_source: exporterStatus.shape.sampling_source,
    clock_offset_ms_text: milliseconds,
    clock_off: z.boolean(),
    interfaces: json(interfaces),
    name,
  }),
});
export type ExporterStream = z.output<typeof exportersQuery.row>;
