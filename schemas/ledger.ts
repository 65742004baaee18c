import { z } from "zod";

import { type LedgerStage, OUTCOMES, STAGES } from "./ledger-words.ts";

export * from "./ledger-words.ts";

/**
 * One change of the books of one exporter. `count` may be negative for `held`, and for `lost` where a late
 * datagram turns out not to be.
 */
export const ledgerDelta = z.strictObject({
  exporter: z.string(),
  stage: z.enum(Object.keys(STAGES) as [LedgerStage, ...LedgerStage[]]),
  outcome: z.enum(OUTCOMES),
  reason: z.string(),
  count: z.int(),
});
export type LedgerDelta = z.infer<typeof ledgerDelta>;

/** How an exporter's sampling rate was learned. */
export const SAMPLING_SOURCES = ["unknown", "header", "record", "options", "registry"] as const;

/** What is known of one transport session of an exporter: one export stream. */
export const exporterStatus = z.strictObject({
  exporter: z.string(),
  version: z.int(),
  observation_domain: z.int(),
  source_port: z.int(),
  first_seen_at_ms: z.number(),
  last_seen_at_ms: z.number(),
  templates: z.int().describe("Templates in force, options templates among them"),
  options_templates: z.int(),
  sampling: z.array(z.strictObject({ sampler: z.int().nullable(), rate: z.number() })),
  sampling_source: z.enum(SAMPLING_SOURCES),
  clock_offset_ms: z.number().describe("Export time minus time of arrival; beyond the setting the clock is off"),
  clock_off: z.boolean(),
  interfaces: z.array(z.strictObject({ index: z.int(), name: z.string(), description: z.string() })),
  name: z.string().describe("Name the exporter gives itself in options records, or empty"),
});
export type ExporterStatus = z.infer<typeof exporterStatus>;

/** What travels with a batch beside its rows (the metadata `v6meter.books` of its Arrow schema). */
export const batchBooks = z.strictObject({
  ledger: z.array(ledgerDelta),
  exporters: z.array(exporterStatus),
});
export type BatchBooks = z.infer<typeof batchBooks>;
