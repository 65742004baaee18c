import { createDecoder, type Decoder, type DecoderOptions } from "@v6meter/netflow";
import type { CollectorConfig } from "@v6meter/schemas";

/** The decoder's options as the settings say. */
export function decoderOptions(config: CollectorConfig): DecoderOptions {
  return {
    maxExporters: config.max_exporters,
    maxTemplates: config.max_templates,
    templateTtlMs: config.template_ttl_ms,
    templateSourcePort: config.template_source_port,
    parkMaxBytes: config.park_max_bytes,
    parkTtlMs: config.park_ttl_ms,
    duplicateWindowMs: config.duplicate_window_ms,
    clockToleranceMs: config.clock_tolerance_ms,
  };
}

/** The decoder that the settings choose. Throws CONFIG_INVALID where its package is not installed. */
export async function createConfiguredDecoder(config: CollectorConfig): Promise<Decoder> {
  if (config.decoder === "v6meter") return createDecoder(decoderOptions(config));
  const { createNodeNetflowV9Decoder } = await import("@v6meter/netflow/node-netflowv9");
  return createNodeNetflowV9Decoder(decoderOptions(config));
}
