import type { DecoderOptions } from "@v6meter/netflow";
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
