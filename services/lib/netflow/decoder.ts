import { type ExporterStatus, Fault, type LedgerDelta } from "@v6meter/schemas";
import type { DecoderOptions } from "./options.ts";
import type { FlowSink } from "./sink.ts";

/** What a decoder has seen since it was made; for metrics and tests. The books are in the ledger. */
export interface DecoderTotals {
  /** Datagrams given to the decoder, dropped ones among them. */
  datagrams: number;
  /** Sets read; a v1, v5 or v7 body is one. */
  sets: number;
  /** Data records decoded, one row each. */
  flowRecords: number;
  /** Further rows: reverse directions of RFC 5103 that have packets. */
  reverseRecords: number;
  optionsRecords: number;
  /** Template records read, refreshes among them. */
  templates: number;
  /** Options template records read, refreshes among them. */
  optionsTemplates: number;
  /** Templates withdrawn by their exporter. */
  withdrawals: number;
  /** Sets that had to wait for their template. */
  parkedSets: number;
  /** Exporters that are followed now. */
  exporters: number;
  /** Entries given to `restore` that could not be read. */
  unreadableStates: number;
}

/** NetFlow v1, v5, v7, v9 and IPFIX to columns. Pure: no I/O, no clock, nothing thrown for bad data. */
export interface Decoder {
  /**
   * Decodes one datagram and appends its flow records to the sink's batch.
   *
   * @param exporter 16 bytes, IPv4 as ::ffff:a.b.c.d; kept by value
   * @param receivedAtMs milliseconds since 1970-01-01 UTC; must not go back by more than the parked data's age
   */
  decode(datagram: Uint8Array, exporter: Uint8Array, sourcePort: number, receivedAtMs: number, sink: FlowSink): void;
  /** Forgets templates, parked data and exporters that are out of time; call it every few seconds. */
  expire(nowMs: number): void;
  /** Changes of the books since the last take: stages `receive` and `decode`. */
  takeLedger(): LedgerDelta[];
  /** Sessions that were heard of since the last take. */
  takeStatus(): ExporterStatus[];
  /**
   * Opaque state of the exporters that changed since the last take, by exporter text: templates,
   * sampling, sequence positions, names, parked data. Null: the exporter is forgotten.
   */
  takeState(): Map<string, Uint8Array | null>;
  /** Takes up the state of an earlier run. Entries that cannot be read are counted, never thrown. */
  restore(state: ReadonlyMap<string, Uint8Array>): void;
  readonly totals: Readonly<DecoderTotals>;
}

/** A decoder with nothing known; options that are left out take their defaults. */
export function createDecoder(_options: Partial<DecoderOptions> = {}): Decoder {
  throw new Fault("INTERNAL", "The decoder is being written.");
}
