import type { ExporterStatus } from "@v6meter/schemas";
import type { ExporterBooks } from "../books.ts";

/** A template the library has been given. */
export interface KnownTemplate {
  readonly options: boolean;
  readonly recordBytes: number;
  readonly set: Buffer;
  refreshedAtMs: number;
}

/** One export stream: version, source port and source id of an exporter. */
export interface Session {
  readonly version: number;
  readonly sourcePort: number;
  readonly domain: number;
  readonly templates: Map<number, KnownTemplate>;
  /** Rates told by options records, by sampler id; 0 is the one without an id. */
  readonly rates: Map<number, number>;
  readonly firstSeenAtMs: number;
  lastSeenAtMs: number;
  clockOffsetMs: number;
  headerRate: number;
  heard: boolean;
}

/** What is known of one exporter. */
export interface Exporter {
  readonly text: string;
  readonly address: Uint8Array;
  readonly books: ExporterBooks;
  readonly sessions: Map<string, Session>;
  lastSeenAtMs: number;
  changed: boolean;
}

/** What is known of a session, as the API shows it; it counts as not heard of again from here. */
export function statusOf(exporter: Exporter, session: Session, clockToleranceMs: number): ExporterStatus {
  session.heard = false;
  const templates = [...session.templates.values()];
  const rates = [...session.rates].map(([sampler, rate]) => ({ sampler: sampler === 0 ? null : sampler, rate }));
  const header = session.headerRate > 0 ? [{ sampler: null, rate: session.headerRate }] : [];
  return {
    exporter: exporter.text,
    version: session.version,
    observation_domain: session.domain,
    source_port: session.sourcePort,
    first_seen_at_ms: session.firstSeenAtMs,
    last_seen_at_ms: session.lastSeenAtMs,
    templates: templates.length,
    options_templates: templates.filter(({ options }) => options).length,
    sampling: rates.length > 0 ? rates : header,
    sampling_source: rates.length > 0 ? "options" : header.length > 0 ? "header" : "unknown",
    clock_offset_ms: session.clockOffsetMs,
    clock_off: Math.abs(session.clockOffsetMs) > clockToleranceMs,
    interfaces: [],
    name: "",
  };
}
