import { addressText, type ExporterStatus, type LedgerDelta } from "@v6meter/schemas";
import { ExporterBooks } from "../books.ts";
import type { DecoderTotals } from "../datagram.ts";
import { type Decoder, noTotals } from "../decoder.ts";
import { emptyHeader, readHeader } from "../header.ts";
import { DEFAULT_DECODER_OPTIONS, type DecoderOptions } from "../options.ts";
import type { FlowSink } from "../sink.ts";
import { type Exporter, type Session, statusOf } from "./exporter.ts";
import {
  importLibrary,
  type LibraryModule,
  type LibraryRecord,
  loadLibrary,
  type NetflowV9Library,
} from "./library.ts";
import { writeRow } from "./row.ts";
import { type ExporterState, readState, stateOf } from "./state.ts";
import { templateRecords } from "./template-records.ts";
import { v7Messages } from "./v7-messages.ts";

const V9_HEADER_BYTES = 20;

/**
 * The second decoder: NetFlow v1, v5, v7 and v9 by the package node-netflowv9, which must be installed
 * beside (GPL-2.0, never a dependency). IPFIX is dropped and counted as `version_unsupported`. Templates
 * serve their own session only, data without one is dropped at once (`no_template_expired`), sequence
 * numbers and duplicates are not followed. An object a record: some tenth of the speed of `createDecoder`.
 *
 * @param importModule how the package is imported; for tests
 * @throws Fault CONFIG_INVALID when the package is not installed
 */
export async function createNodeNetflowV9Decoder(
  options: Partial<DecoderOptions> = {},
  importModule: () => Promise<LibraryModule> = importLibrary,
): Promise<Decoder> {
  return new NodeNetflowV9Decoder({ ...DEFAULT_DECODER_OPTIONS, ...options }, await loadLibrary(importModule));
}

class NodeNetflowV9Decoder implements Decoder {
  readonly #options: DecoderOptions;
  readonly #library: NetflowV9Library;
  readonly #exporters = new Map<string, Exporter>();
  readonly #forgotten = new Set<string>();
  /** Books of datagrams of exporters beyond the limit and of those forgotten since the last take. */
  readonly #leftBooks: LedgerDelta[] = [];
  readonly #header = emptyHeader();
  readonly #totals = noTotals();

  constructor(options: DecoderOptions, library: NetflowV9Library) {
    this.#options = options;
    this.#library = library;
  }

  get totals(): Readonly<DecoderTotals> {
    return this.#totals;
  }

  decode(datagram: Uint8Array, address: Uint8Array, sourcePort: number, receivedAtMs: number, sink: FlowSink): void {
    this.#totals.datagrams++;
    const exporter = this.#exporterOf(address, receivedAtMs);
    if (exporter === null) return;
    const { books } = exporter;
    books.datagramReceived();
    const header = this.#header;
    const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
    const fault = readHeader(view, header) ?? (header.version === 10 ? "version_unsupported" : null);
    if (fault !== null) {
      books.dropped(fault);
      return;
    }
    books.datagramForwarded();
    const session = this.#sessionOf(exporter, sourcePort, receivedAtMs);
    const message = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength);
    const onRecord = (record: LibraryRecord) => this.#onRecord(record, exporter, session, receivedAtMs, sink);
    if (header.version === 9) this.#decodeV9(message, exporter, session, receivedAtMs, onRecord);
    else this.#decodeLegacy(message.subarray(0, header.bodyEnd), exporter, onRecord);
  }

  expire(nowMs: number): string[] {
    const { templateTtlMs } = this.#options;
    const forgotten: string[] = [];
    for (const [key, exporter] of this.#exporters) {
      for (const session of exporter.sessions.values())
        for (const [id, { refreshedAtMs }] of session.templates)
          if (nowMs - refreshedAtMs > templateTtlMs) this.#forgetTemplate(exporter, session, id);
      if (nowMs - exporter.lastSeenAtMs <= templateTtlMs) continue;
      exporter.books.take(exporter.text, this.#leftBooks);
      this.#exporters.delete(key);
      this.#forgotten.add(exporter.text);
      forgotten.push(exporter.text);
    }
    this.#totals.exporters = this.#exporters.size;
    return forgotten;
  }

  /** Sampling rates are in no state: who is followed stays. */
  release(address: Uint8Array): boolean {
    return !this.#exporters.has(addressText(address));
  }

  takeLedger(): LedgerDelta[] {
    const deltas = this.#leftBooks.splice(0);
    for (const { books, text } of this.#exporters.values()) books.take(text, deltas);
    return deltas;
  }

  takeStatus(): ExporterStatus[] {
    return [...this.#exporters.values()].flatMap((exporter) =>
      [...exporter.sessions.values()]
        .filter(({ heard }) => heard)
        .map((session) => statusOf(exporter, session, this.#options.clockToleranceMs)),
    );
  }

  /** The templates of each exporter, as sets; the library is given them again by `restore`. */
  takeState(): Map<string, Uint8Array | null> {
    const states = new Map<string, Uint8Array | null>([...this.#forgotten].map((text) => [text, null]));
    this.#forgotten.clear();
    for (const exporter of this.#exporters.values()) {
      if (!exporter.changed) continue;
      exporter.changed = false;
      states.set(exporter.text, stateOf(exporter));
    }
    return states;
  }

  restore(states: ReadonlyMap<string, Uint8Array>): void {
    for (const state of states.values()) {
      try {
        this.#restoreOne(readState(state));
      } catch {
        this.#totals.unreadableStates++;
      }
    }
  }

  #restoreOne({ address, templates }: ExporterState): void {
    const exporter = this.#exporterOf(address, 0);
    if (exporter === null) return;
    for (const { sourcePort, domain, refreshedAtMs, set } of templates) {
      Object.assign(this.#header, emptyHeader(), { domain });
      exporter.lastSeenAtMs = Math.max(exporter.lastSeenAtMs, refreshedAtMs);
      const session = this.#sessionOf(exporter, sourcePort, refreshedAtMs);
      session.heard = false;
      for (const template of templateRecords(set) ?? []) this.#learn(exporter, session, template, refreshedAtMs);
    }
    exporter.changed = false;
  }

  #exporterOf(address: Uint8Array, nowMs: number): Exporter | null {
    const text = addressText(address);
    let exporter = this.#exporters.get(text);
    if (exporter === undefined) {
      if (this.#exporters.size >= this.#options.maxExporters) {
        const books = new ExporterBooks();
        books.datagramReceived();
        books.dropped("too_many_exporters");
        books.take(text, this.#leftBooks);
        return null;
      }
      exporter = {
        text,
        address: address.slice(0, 16),
        books: new ExporterBooks(),
        sessions: new Map(),
        lastSeenAtMs: nowMs,
        changed: false,
      };
      this.#exporters.set(text, exporter);
      this.#forgotten.delete(text);
      this.#totals.exporters = this.#exporters.size;
    }
    exporter.lastSeenAtMs = Math.max(exporter.lastSeenAtMs, nowMs);
    return exporter;
  }

  #sessionOf(exporter: Exporter, sourcePort: number, nowMs: number): Session {
    const { version, domain, exportMs, samplingRate } = this.#header;
    const key = `${version} ${sourcePort} ${domain}`;
    let session = exporter.sessions.get(key);
    if (session === undefined) {
      // As many sessions as templates: both are what a broken exporter could grow without end.
      const [oldest] = exporter.sessions;
      if (exporter.sessions.size >= this.#options.maxTemplates && oldest !== undefined) {
        for (const id of oldest[1].templates.keys()) this.#forgetTemplate(exporter, oldest[1], id);
        exporter.sessions.delete(oldest[0]);
      }
      session = {
        version,
        sourcePort,
        domain,
        templates: new Map(),
        rates: new Map(),
        firstSeenAtMs: nowMs,
        lastSeenAtMs: nowMs,
        clockOffsetMs: 0,
        headerRate: 0,
        heard: true,
      };
      exporter.sessions.set(key, session);
    }
    session.lastSeenAtMs = Math.max(session.lastSeenAtMs, nowMs);
    session.clockOffsetMs = exportMs - nowMs;
    session.headerRate = samplingRate;
    session.heard = true;
    return session;
  }

  /** The library scopes templates by address and port; the source id belongs to the scope (RFC 3954 §5.1). */
  #sourceOf(exporter: Exporter, { sourcePort, domain }: Session) {
    return { address: `${exporter.text} ${domain}`, port: sourcePort };
  }

  #decodeLegacy(message: Buffer, { books }: Exporter, onRecord: (record: LibraryRecord) => void): void {
    this.#totals.sets++;
    books.setReceived();
    const source = { address: "", port: 0 };
    try {
      const flows =
        this.#header.version === 7
          ? v7Messages(message).flatMap((one) => this.#library.nfPktDecode(one, source)?.flows ?? [])
          : (this.#library.nfPktDecode(message, source)?.flows ?? []);
      for (const record of flows) onRecord(record);
      books.setForwarded();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      books.dropped("record_overrun");
    }
  }

  /** Sets are given to the library one by one, so that each has its own outcome. */
  #decodeV9(
    message: Buffer,
    exporter: Exporter,
    session: Session,
    nowMs: number,
    onRecord: (record: LibraryRecord) => void,
  ): void {
    const { books } = exporter;
    let at = V9_HEADER_BYTES;
    while (at + 4 <= message.length) {
      const id = message.readUInt16BE(at);
      const length = message.readUInt16BE(at + 2);
      // Zeros behind the last set are padding, not a set of length 0.
      if (length === 0 && message.subarray(at).every((octet) => octet === 0)) return;
      this.#totals.sets++;
      books.setReceived();
      // A length of 0 would make the library read the same set for ever.
      if (length < 4 || at + length > message.length) {
        books.dropped("set_length");
        return;
      }
      const set = message.subarray(at, at + length);
      at += length;
      if (id < 2) this.#readTemplates(set, exporter, session, nowMs);
      else if (id < 256) books.dropped("set_id_reserved");
      else this.#readData(message, set, exporter, session, onRecord);
    }
  }

  #readTemplates(set: Buffer, exporter: Exporter, session: Session, nowMs: number): void {
    const templates = templateRecords(set);
    if (templates === null) {
      exporter.books.dropped("template_malformed");
      return;
    }
    let known = 0;
    for (const { templates } of exporter.sessions.values()) known += templates.size;
    const fresh = templates.filter(({ id }) => !session.templates.has(id)).length;
    if (known + fresh > this.#options.maxTemplates) {
      exporter.books.dropped("template_limit");
      return;
    }
    for (const template of templates) this.#learn(exporter, session, template, nowMs);
    exporter.books.setForwarded();
  }

  #learn(
    exporter: Exporter,
    session: Session,
    { id, options, recordBytes, set }: { id: number; options: boolean; recordBytes: number; set: Buffer },
    refreshedAtMs: number,
  ): void {
    if (options) this.#totals.optionsTemplates++;
    else this.#totals.templates++;
    const known = session.templates.get(id);
    if (known?.set.equals(set)) {
      known.refreshedAtMs = refreshedAtMs;
      return;
    }
    session.templates.set(id, { options, recordBytes, set: Buffer.from(set), refreshedAtMs });
    exporter.changed = true;
    // A template without length would make the library read its records for ever.
    if (recordBytes > 0)
      this.#library.nfPktDecode(Buffer.concat([headerOf(this.#header.domain), set]), this.#sourceOf(exporter, session));
  }

  #readData(
    message: Buffer,
    set: Buffer,
    exporter: Exporter,
    session: Session,
    onRecord: (record: LibraryRecord) => void,
  ): void {
    const { books } = exporter;
    const template = session.templates.get(set.readUInt16BE(0));
    if (template === undefined) {
      books.dropped("no_template_expired");
      return;
    }
    if (template.recordBytes === 0) {
      books.dropped("template_zero_length");
      return;
    }
    const alone = Buffer.concat([message.subarray(0, V9_HEADER_BYTES), set]);
    const records = this.#library.nfPktDecode(alone, this.#sourceOf(exporter, session))?.flows ?? [];
    for (const record of records) onRecord(record);
    books.setForwarded();
  }

  #onRecord(record: LibraryRecord, exporter: Exporter, session: Session, receivedAtMs: number, sink: FlowSink): void {
    const sampler = typeof record.flow_sampler_id === "number" ? record.flow_sampler_id : 0;
    if (record.isOption === true) {
      this.#totals.optionsRecords++;
      const rate = record.sampling_interval ?? record.flow_sampler_random_interval;
      if (typeof rate === "number" && rate > 0 && session.rates.size < 256) session.rates.set(sampler, rate);
      return;
    }
    const batch = sink.batch.rows < sink.batch.capacity ? sink.batch : sink.full();
    const samplingRate = session.rates.get(sampler) ?? session.rates.get(0) ?? session.headerRate;
    writeRow(batch, batch.rows, record, {
      header: this.#header,
      exporter: exporter.address,
      receivedAtMs,
      samplingRate,
    });
    batch.rows++;
    this.#totals.flowRecords++;
  }

  #forgetTemplate(exporter: Exporter, session: Session, id: number): void {
    session.templates.delete(id);
    exporter.changed = true;
    const { address, port } = this.#sourceOf(exporter, session);
    const templates = this.#library.templates[`${address}:${port}`];
    if (templates === undefined) return;
    delete templates[id];
    if (session.templates.size === 0) delete this.#library.templates[`${address}:${port}`];
  }
}

function headerOf(domain: number): Buffer {
  const header = Buffer.alloc(V9_HEADER_BYTES);
  header.writeUInt16BE(9, 0);
  header.writeUInt32BE(domain, 16);
  return header;
}
