import { createFlowBatch } from "@v6meter/schemas";
import { DataSetDecoder, type SetContext } from "./data-set.ts";
import type { Exporter } from "./exporter.ts";
import { emptyHeader, readHeader } from "./header.ts";
import { LEGACY_PLANS } from "./legacy.ts";
import type { DecoderOptions } from "./options.ts";
import { learnFromOptions } from "./options-record.ts";
import type { ParkedSet } from "./parking.ts";
import { DatagramHistory } from "./recent-datagrams.ts";
import { planRecords, type RecordPlan } from "./record-plan.ts";
import type { Session, Template } from "./session.ts";
import type { FlowSink } from "./sink.ts";
import { type RecordLayout, readOptionsTemplateSet, readTemplateSet, type TemplateSet } from "./template.ts";

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

/** Plans kept for layouts that more templates may share. */
const MAX_SHARED_PLANS = 4_096;

function isZero(view: DataView, at: number, end: number): boolean {
  for (let i = at; i < end; i++) if (view.getUint8(i) !== 0) return false;
  return true;
}

/** Reads datagrams set by set: books, templates, parked data, sequence. */
export class DatagramReader {
  readonly #options: DecoderOptions;
  readonly #totals: DecoderTotals;
  readonly #header = emptyHeader();
  readonly #data = new DataSetDecoder(createFlowBatch(0), new DataView(new ArrayBuffer(16)));
  readonly #history = new DatagramHistory();
  #plans = new Map<string, RecordPlan>();
  /** Data records of the datagram being read; -1 where they could not all be counted. */
  #units = 0;

  constructor(options: DecoderOptions, totals: DecoderTotals) {
    this.#options = options;
    this.#totals = totals;
  }

  /** Reads one datagram of an exporter. */
  read(datagram: Uint8Array, exporter: Exporter, sourcePort: number, receivedAtMs: number, sink: FlowSink): void {
    const { books } = exporter;
    const header = this.#header;
    books.datagramReceived();
    const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
    const fault = readHeader(view, header);
    if (fault !== null) {
      books.dropped(fault);
      return;
    }
    header.receivedAtMs = receivedAtMs;
    const session = exporter.session(header.version, sourcePort, header.domain, receivedAtMs);
    session.noteTimes(header.exportMs, receivedAtMs);
    exporter.changed = true;
    const { duplicateWindowMs } = this.#options;
    if (duplicateWindowMs > 0) {
      const seen = session.recent.see(datagram, header.sequence, receivedAtMs, duplicateWindowMs, this.#history);
      if (seen >= 0) {
        books.dropped("duplicate_datagram");
        books.duplicated(seen);
        return;
      }
    }
    books.datagramForwarded();
    this.#data.openBatch(sink);
    this.#units = 0;
    if (header.version === 9 || header.version === 10) this.#readSets(view, exporter, session, sink);
    else this.#readLegacy(view, exporter, session, sink);
    if (header.version === 1) return;
    const units = header.version === 9 ? 1 : this.#units;
    if (duplicateWindowMs > 0) session.recent.noteUnits(units);
    session.sequence.follow(header, units, books);
  }

  #readLegacy(view: DataView, exporter: Exporter, session: Session, sink: FlowSink): void {
    const header = this.#header;
    if (header.version === 9 || header.version === 10) return;
    this.#totals.sets++;
    exporter.books.setReceived();
    session.headerRate = header.samplingRate;
    session.samplingSource = header.samplingRate > 0 ? "header" : "unknown";
    this.#readData(LEGACY_PLANS[header.version], view, header.bodyAt, header.bodyEnd, header, exporter, session, sink);
    exporter.books.setForwarded();
  }

  /**
   * Walks the sets by their length (RFC 3954 §5.2, RFC 7011 §3.3.2). A length below 4 or over the end
   * ends the walk; zeros behind the last set are fill, not a fault.
   */
  #readSets(view: DataView, exporter: Exporter, session: Session, sink: FlowSink): void {
    const { bodyEnd, truncated } = this.#header;
    let at = this.#header.bodyAt;
    let cut = truncated;
    while (at + 4 <= bodyEnd) {
      const id = view.getUint16(at);
      const length = view.getUint16(at + 2);
      if (length < 4 || at + length > bodyEnd) break;
      this.#totals.sets++;
      exporter.books.setReceived();
      this.#readSet(id, view, at + 4, at + length, exporter, session, sink);
      at += length;
    }
    if (!isZero(view, at, bodyEnd)) cut = true;
    if (!cut) return;
    this.#totals.sets++;
    this.#units = -1;
    exporter.books.setReceived();
    exporter.books.dropped("set_length");
  }

  #readSet(
    id: number,
    view: DataView,
    at: number,
    end: number,
    exporter: Exporter,
    session: Session,
    sink: FlowSink,
  ): void {
    const { version } = this.#header;
    const templateSetId = version === 9 ? 0 : 2;
    if (id === templateSetId) this.#takeTemplates(readTemplateSet(view, at, end, version), exporter, session, sink);
    else if (id === templateSetId + 1)
      this.#takeTemplates(readOptionsTemplateSet(view, at, end, version), exporter, session, sink);
    else if (id < 256) exporter.books.dropped("set_id_reserved");
    else {
      const template = exporter.findTemplate(session, id, this.#header.receivedAtMs);
      if (template === undefined) this.#park(id, view, at, end, exporter, session);
      else this.#readDataSet(template, view, at, end, this.#header, exporter, session, sink);
    }
  }

  #takeTemplates(set: TemplateSet, exporter: Exporter, session: Session, sink: FlowSink): void {
    const { receivedAtMs } = this.#header;
    let overLimit = false;
    const inForce: number[] = [];
    for (const record of set.records) {
      if (record.kind === "withdrawal") {
        if (exporter.withdraw(session, record.id)) this.#totals.withdrawals++;
      } else if (record.kind === "withdraw_all") {
        this.#totals.withdrawals += exporter.withdrawAll(session, record.options);
      } else {
        if (record.layout.options) this.#totals.optionsTemplates++;
        else this.#totals.templates++;
        const outcome = exporter.putTemplate(session, record.id, record.layout, receivedAtMs);
        if (outcome === "limit") overLimit = true;
        else inForce.push(record.id);
      }
    }
    if (set.malformed) exporter.books.dropped("template_malformed");
    else if (overLimit) exporter.books.dropped("template_limit");
    else exporter.books.setForwarded();
    for (const id of inForce) this.#readParked(id, exporter, session, sink);
  }

  #park(id: number, view: DataView, at: number, end: number, exporter: Exporter, session: Session): void {
    const { version, domain, exportMs, uptimeMs, receivedAtMs } = this.#header;
    this.#units = -1;
    if (!exporter.parking.fits(end - at)) {
      exporter.books.dropped("no_template_overflow");
      return;
    }
    const evicted = exporter.parking.park({
      version,
      domain,
      sourcePort: session.sourcePort,
      id,
      bytes: new Uint8Array(view.buffer, view.byteOffset + at, end - at).slice(),
      exportMs,
      uptimeMs,
      receivedAtMs,
      bundle: 0,
      indexInBundle: 0,
    });
    this.#totals.parkedSets++;
    exporter.books.setsHeld(1 - evicted);
    for (let i = 0; i < evicted; i++) exporter.books.dropped("no_template_overflow");
  }

  /** Decodes the sets that waited for a template, in order of arrival. */
  #readParked(id: number, exporter: Exporter, session: Session, sink: FlowSink): void {
    const sets = exporter.parking.release(session.version, session.domain.id, id, (sourcePort) =>
      exporter.serves(session.sourcePort, sourcePort),
    );
    const template = sets.length === 0 ? undefined : session.templates.get(id);
    const units = this.#units;
    for (const set of sets) {
      exporter.books.setsHeld(-1);
      if (template !== undefined) this.#readParkedSet(set, template, exporter, session, sink);
    }
    this.#units = units;
  }

  #readParkedSet(set: ParkedSet, template: Template, exporter: Exporter, session: Session, sink: FlowSink): void {
    const view = new DataView(set.bytes.buffer, set.bytes.byteOffset, set.bytes.byteLength);
    this.#readDataSet(template, view, 0, view.byteLength, set, exporter, session, sink);
  }

  #readDataSet(
    template: Template,
    view: DataView,
    at: number,
    end: number,
    context: SetContext,
    exporter: Exporter,
    session: Session,
    sink: FlowSink,
  ): void {
    const { layout } = template;
    if (layout.minLength === 0) {
      this.#units = -1;
      exporter.books.dropped("template_zero_length");
      return;
    }
    let overrun: boolean;
    if (layout.options) overrun = this.#readOptions(layout, view, at, end, session);
    else {
      template.plan ??= this.#planOf(layout);
      overrun = this.#readData(template.plan, view, at, end, context, exporter, session, sink);
    }
    if (overrun) {
      this.#units = -1;
      exporter.books.dropped("record_overrun");
    } else exporter.books.setForwarded();
  }

  #readData(
    plan: RecordPlan,
    view: DataView,
    at: number,
    end: number,
    context: SetContext,
    exporter: Exporter,
    session: Session,
    sink: FlowSink,
  ): boolean {
    const result = this.#data.decode(plan, view, at, end, context, exporter.address, session, sink);
    this.#totals.flowRecords += result.records;
    this.#totals.reverseRecords += result.reverseRecords;
    if (this.#units >= 0) this.#units += result.records;
    return result.overrun;
  }

  #readOptions(layout: RecordLayout, view: DataView, at: number, end: number, session: Session): boolean {
    let next = at;
    while (end - next >= layout.minLength) {
      next = this.#data.walk(layout, view, next, end);
      if (next < 0) return true;
      learnFromOptions(layout, view, this.#data.offsets, this.#data.lengths, session.domain, this.#data.filling);
      this.#totals.optionsRecords++;
      if (this.#units >= 0) this.#units++;
    }
    return false;
  }

  #planOf(layout: RecordLayout): RecordPlan {
    let plan = this.#plans.get(layout.key);
    if (plan === undefined) {
      if (this.#plans.size >= MAX_SHARED_PLANS) this.#plans = new Map();
      plan = planRecords(layout);
      this.#plans.set(layout.key, plan);
    }
    return plan;
  }
}
