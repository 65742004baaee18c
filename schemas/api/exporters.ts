import { z } from "zod";
import { exporterStatus } from "../ledger.ts";
import { books } from "./books.ts";
import { count } from "./count.ts";
import { instant } from "./instant.ts";
import { exporterAddress } from "./parameters.ts";

/** Parameters of `GET /api/v1/exporters`. */
export const exportersParameters = z.strictObject({
  exporter: z.array(exporterAddress).default([]).describe("Address of an exporter; all where none is given"),
});

/** One export stream (transport session) of an exporter. */
export const exportStream = z.object({
  version: z.int().describe("Version of the export protocol: 1, 5, 7, 9 or 10 (IPFIX)"),
  observation_domain: z.int(),
  source_port: z.int(),
  first_seen_at: instant,
  last_seen_at: instant,
  templates: z.int().describe("Templates in force, options templates among them"),
  options_templates: z.int(),
  sampling: z.array(z.object({ sampler: z.int().nullable(), rate: z.number() })),
  sampling_source: exporterStatus.shape.sampling_source,
  clock_offset_ms: z.number().describe("Export time minus time of arrival"),
  clock_off: z.boolean().describe("The offset is beyond the setting"),
  interfaces: z.array(z.object({ index: z.int(), name: z.string(), description: z.string() })),
});
export type ExportStream = z.infer<typeof exportStream>;

/** What is known of one exporter: over its streams where there are several. */
export const exporter = z.object({
  exporter: z.string().describe("Its address"),
  name: z.string().describe("The name it gives itself, or empty"),
  first_seen_at: instant.nullable(),
  last_seen_at: instant.nullable(),
  templates: z.int(),
  sampling_rates: z.array(z.number()).describe("Distinct rates in force, one packet in so many"),
  sampling_known: z
    .boolean()
    .describe(
      "Whether the sampling rate of all its traffic of the last 24 hours is known; where it had none, whether a stream tells one",
    ),
  unknown_sampling_bytes: count.describe("Bytes of the last 24 hours whose sampling rate is not known, as exported"),
  clock_offset_ms: z.number().nullable().describe("The offset farthest from 0"),
  clock_off: z.boolean(),
  books,
  streams: z.array(exportStream),
});
export type Exporter = z.infer<typeof exporter>;

/** Answer of `GET /api/v1/exporters`. */
export const exporters = z.object({ exporters: z.array(exporter) }).describe("The exporters by address");
export type Exporters = z.infer<typeof exporters>;
