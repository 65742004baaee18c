import type { ExporterStatus, LedgerDelta } from "@v6meter/schemas";
import { ExporterBooks } from "./books.ts";
import { DatagramReader, type DecoderTotals } from "./datagram.ts";
import { Exporter } from "./exporter.ts";
import { forgetExporter, readExporters, storeExporter } from "./exporter-state.ts";
import { DEFAULT_DECODER_OPTIONS, type DecoderOptions } from "./options.ts";
import type { FlowSink } from "./sink.ts";

export type { DecoderTotals } from "./datagram.ts";

/** NetFlow v1, v5, v7, v9 and IPFIX to columns. Pure: no I/O, no clock, nothing thrown for bad data. */
export interface Decoder {
  /**
   * Decodes one datagram and appends its flow records to the sink's batch.
   *
   * @param datagram the caller's again when it returns: what is kept of it is copied
   * @param exporter 16 bytes, IPv4 as ::ffff:a.b.c.d; kept by value
   * @param receivedAtMs milliseconds since 1970-01-01 UTC; must not go back by more than the parked data's age
   */
  decode(datagram: Uint8Array, exporter: Uint8Array, sourcePort: number, receivedAtMs: number, sink: FlowSink): void;
  /**
   * Forgets templates, parked data and exporters that are out of time; call it every few seconds. Returns
   * the exporters it no longer follows.
   */
  expire(nowMs: number): string[];
  /**
   * Stops following an exporter whose state was taken, so that another decoder can take it up. False, and
   * nothing is changed, while something of it was not taken or is in no state, or data of it is parked.
   */
  release(exporter: Uint8Array): boolean;
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

/** Books of exporters that are not followed, because there are too many: the unspecified address. */
const NOT_FOLLOWED = "::";

/** Exporters by address, found without making a string of it. */
class ExporterTable {
  readonly #buckets = new Map<number, Exporter[]>();
  #size = 0;
  #last: Exporter | null = null;

  get size(): number {
    return this.#size;
  }

  *[Symbol.iterator](): Iterator<Exporter> {
    for (const bucket of this.#buckets.values()) yield* bucket;
  }

  find(address: Uint8Array): Exporter | null {
    if (this.#last !== null && sameAddress(this.#last.addressBytes, address)) return this.#last;
    const found = this.#buckets.get(hashAddress(address))?.find((it) => sameAddress(it.addressBytes, address)) ?? null;
    this.#last = found;
    return found;
  }

  add(exporter: Exporter): void {
    const key = hashAddress(exporter.addressBytes);
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) this.#buckets.set(key, [exporter]);
    else bucket.push(exporter);
    this.#size++;
  }

  delete(exporter: Exporter): void {
    const key = hashAddress(exporter.addressBytes);
    const rest = (this.#buckets.get(key) ?? []).filter((other) => other !== exporter);
    if (rest.length === 0) this.#buckets.delete(key);
    else this.#buckets.set(key, rest);
    this.#size--;
    this.#last = null;
  }
}

/** FNV-1a, cut to a small integer. */
function hashAddress(address: Uint8Array): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < 16; i++) hash = Math.imul(hash ^ (address[i] as number), 0x0100_0193);
  return hash >> 2;
}

function sameAddress(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 15; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}

/** Totals of a decoder that has seen nothing yet. */
export function noTotals(): DecoderTotals {
  return {
    datagrams: 0,
    sets: 0,
    flowRecords: 0,
    reverseRecords: 0,
    optionsRecords: 0,
    templates: 0,
    optionsTemplates: 0,
    withdrawals: 0,
    parkedSets: 0,
    exporters: 0,
    unreadableStates: 0,
  };
}

class FlowDecoder implements Decoder {
  readonly totals: DecoderTotals = noTotals();
  readonly #options: DecoderOptions;
  readonly #exporters = new ExporterTable();
  readonly #reader: DatagramReader;
  readonly #notFollowed = new ExporterBooks();
  /** Books and state entries of exporters that were forgotten since the last take. */
  #forgottenLedger: LedgerDelta[] = [];
  #forgottenState = new Map<string, Uint8Array | null>();

  constructor(options: DecoderOptions) {
    this.#options = options;
    this.#reader = new DatagramReader(options, this.totals);
  }

  decode(datagram: Uint8Array, address: Uint8Array, sourcePort: number, receivedAtMs: number, sink: FlowSink): void {
    this.totals.datagrams++;
    const exporter = this.#exporters.find(address) ?? this.#follow(address);
    if (exporter === null) {
      this.#notFollowed.datagramReceived();
      this.#notFollowed.dropped("too_many_exporters");
      return;
    }
    exporter.lastSeenAtMs = Math.max(exporter.lastSeenAtMs, receivedAtMs);
    this.#reader.read(datagram, exporter, sourcePort, receivedAtMs, sink);
  }

  #follow(address: Uint8Array): Exporter | null {
    if (this.#exporters.size >= this.#options.maxExporters) return null;
    const exporter = new Exporter(address, this.#options);
    this.#add(exporter);
    return exporter;
  }

  #add(exporter: Exporter): void {
    this.#exporters.add(exporter);
    // An exporter that comes back before its end was taken is not at its end.
    this.#forgottenState.delete(exporter.text);
    this.totals.exporters = this.#exporters.size;
  }

  expire(nowMs: number): string[] {
    const forgotten: string[] = [];
    for (const exporter of [...this.#exporters]) {
      exporter.expire(nowMs);
      const idle = nowMs - exporter.lastSeenAtMs > this.#options.templateTtlMs;
      if (!idle || exporter.sessions.size > 0 || exporter.parking.size > 0) continue;
      exporter.books.take(exporter.text, this.#forgottenLedger);
      forgetExporter(exporter, this.#forgottenState);
      this.#exporters.delete(exporter);
      forgotten.push(exporter.text);
    }
    this.totals.exporters = this.#exporters.size;
    return forgotten;
  }

  release(address: Uint8Array): boolean {
    const exporter = this.#exporters.find(address);
    if (exporter === null) return true;
    const { books, changed, parking, sessions } = exporter;
    const heard = sessions.values().some((session) => session.heard);
    if (changed || heard || books.changed || parking.size > 0) return false;
    this.#exporters.delete(exporter);
    this.totals.exporters = this.#exporters.size;
    return true;
  }

  takeLedger(): LedgerDelta[] {
    const ledger = this.#forgottenLedger;
    this.#forgottenLedger = [];
    this.#notFollowed.take(NOT_FOLLOWED, ledger);
    for (const exporter of this.#exporters) exporter.books.take(exporter.text, ledger);
    return ledger;
  }

  takeStatus(): ExporterStatus[] {
    const statuses: ExporterStatus[] = [];
    for (const exporter of this.#exporters) {
      for (const session of exporter.sessions.values()) {
        if (!session.heard) continue;
        session.heard = false;
        statuses.push(exporter.status(session));
      }
    }
    return statuses;
  }

  takeState(): Map<string, Uint8Array | null> {
    const state = this.#forgottenState;
    this.#forgottenState = new Map();
    for (const exporter of this.#exporters) {
      if (!exporter.changed) continue;
      exporter.changed = false;
      storeExporter(exporter, state);
    }
    return state;
  }

  restore(state: ReadonlyMap<string, Uint8Array>): void {
    const { exporters, unreadable } = readExporters(state, this.#options);
    this.totals.unreadableStates += unreadable;
    for (const exporter of exporters) {
      if (this.#exporters.find(exporter.addressBytes) !== null) continue;
      this.#add(exporter);
    }
  }
}

/** A decoder with nothing known; options that are left out take their defaults. */
export function createDecoder(options: Partial<DecoderOptions> = {}): Decoder {
  return new FlowDecoder({ ...DEFAULT_DECODER_OPTIONS, ...options });
}
