import { collectorConfig } from "@v6meter/schemas";

/** Which templates serve data that comes from another source port of the same exporter. */
export type TemplateSourcePort = "session_then_any" | "session" | "any";

/** The decoder's limits; each is the setting of the same name of the collector. */
export interface DecoderOptions {
  /** Exporters followed at once; datagrams of further ones are dropped. */
  readonly maxExporters: number;
  /** Templates kept for one exporter. */
  readonly maxTemplates: number;
  /** A template not refreshed for so long is forgotten (RFC 7011 §8.4). */
  readonly templateTtlMs: number;
  readonly templateSourcePort: TemplateSourcePort;
  /** Bytes of data kept for one exporter while its template is not known. */
  readonly parkMaxBytes: number;
  /** How long data waits for its template. */
  readonly parkTtlMs: number;
  /** The same bytes with the same sequence number within this time are one datagram; 0 keeps all. */
  readonly duplicateWindowMs: number;
  /** Beyond this offset an exporter's clock is flagged as off. */
  readonly clockToleranceMs: number;
}

const settings = collectorConfig.parse({});

/** The defaults of the collector's settings. */
export const DEFAULT_DECODER_OPTIONS: DecoderOptions = {
  maxExporters: settings.max_exporters,
  maxTemplates: settings.max_templates,
  templateTtlMs: settings.template_ttl_ms,
  templateSourcePort: settings.template_source_port,
  parkMaxBytes: settings.park_max_bytes,
  parkTtlMs: settings.park_ttl_ms,
  duplicateWindowMs: settings.duplicate_window_ms,
  clockToleranceMs: settings.clock_tolerance_ms,
};
