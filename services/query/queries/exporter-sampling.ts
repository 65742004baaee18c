import { api } from "@v6meter/schemas";
import { defineQuery } from "@v6meter/store";
import { z } from "zod";
import { exporterText } from "./traffic-share.ts";

/** Traffic of the last 24 hours by exporter, and the part whose sampling rate is not known. */
export const exporterSamplingQuery = defineQuery({
  name: "exporter-sampling",
  params: z.strictObject({ exporter: z.array(z.string()) }),
  row: z.object({ exporter_text: exporterText, bytes_as_exported: api.count, unknown_sampling_bytes: api.count }),
});
export type ExporterSampling = z.output<typeof exporterSamplingQuery.row>;
