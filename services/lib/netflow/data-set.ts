import { Fault, type FlowBatch } from "@v6meter/schemas";
import { columnRate, type FillingBatch } from "./domain.ts";
import type { ExportVersion } from "./header.ts";
import type { RecordPlan, ReversePlan } from "./record-plan.ts";
import { type AddressViews, addressViews, columnArrays, type RecordRun } from "./record-run.ts";
import { readUnsigned, walkRecord } from "./record-walk.ts";
import { appendReverseRow } from "./reverse-row.ts";
import type { Session } from "./session.ts";
import type { FlowSink } from "./sink.ts";
import type { RecordLayout } from "./template.ts";

/** What a set's message said, and when it came; a parked set keeps it. */
export interface SetContext {
  readonly version: ExportVersion;
  readonly exportMs: number;
  readonly uptimeMs: number;
  readonly receivedAtMs: number;
}

export interface SetResult {
  /** Data records decoded. */
  records: number;
  /** Rows of reverse directions among the rows. */
  reverseRecords: number;
  /** A record ran over the set's end; those before it are decoded. */
  overrun: boolean;
}

/** What of a batch is made once and used for every run. */
interface BatchViews {
  readonly arrays: RecordRun["arrays"];
  readonly addresses: AddressViews;
}

/** Records packed at once. */
const PACK_RECORDS = 256;

/** Turns the data records of sets into rows of the sink's batch. Holds only what it uses again for every set. */
export class DataSetDecoder {
  readonly filling: FillingBatch;
  readonly #run: RecordRun;
  readonly #views = new WeakMap<FlowBatch, BatchViews>();
  readonly #result: SetResult = { records: 0, reverseRecords: 0, overrun: false };
  #rowsSeen = 0;
  #packed = new Uint8Array(0);
  #packedView = new DataView(this.#packed.buffer);
  #offsets = new Int32Array(64);
  #lengths = new Int32Array(64);

  constructor(batch: FlowBatch, exporter: DataView) {
    this.filling = { batch, generation: 0 };
    this.#run = {
      view: this.#packedView,
      source: this.#packedView,
      at: 0,
      stride: 0,
      count: 0,
      row: 0,
      columns: batch.columns,
      ...this.#viewsOf(batch),
      version: 0,
      domain: 0,
      exporter,
      receivedAtMs: 0,
      exportMs: 0,
      uptimeMs: 0,
      systemInitMs: -1,
    };
  }

  /** Makes sure that `filling` is the sink's batch as it is now; call it before each datagram. */
  openBatch(sink: FlowSink): void {
    const { filling } = this;
    if (sink.batch !== filling.batch || sink.batch.rows < this.#rowsSeen) this.#useBatch(sink.batch);
    this.#rowsSeen = sink.batch.rows;
  }

  #useBatch(batch: FlowBatch): void {
    this.filling.batch = batch;
    this.filling.generation++;
    this.#rowsSeen = batch.rows;
    this.#run.columns = batch.columns;
    const { arrays, addresses } = this.#viewsOf(batch);
    this.#run.arrays = arrays;
    this.#run.addresses = addresses;
  }

  #viewsOf(batch: FlowBatch): BatchViews {
    let views = this.#views.get(batch);
    if (views === undefined) {
      views = { arrays: columnArrays(batch), addresses: addressViews(batch) };
      this.#views.set(batch, views);
    }
    return views;
  }

  /** Room in the batch, after asking the sink for another where there is less than `rows`. */
  #room(sink: FlowSink, rows: number): number {
    const { batch } = this.filling;
    if (batch.capacity - batch.rows >= rows) return batch.capacity - batch.rows;
    const next = sink.full();
    this.#useBatch(next);
    if (next.capacity - next.rows < rows)
      throw new Fault("INTERNAL", "A sink's full() must give a batch with room for two rows or more.");
    return next.capacity - next.rows;
  }

  /**
   * Decodes the data records between `at` and `end`. The result object is the same one every time.
   *
   * Bytes behind the last whole record that are too few for another are padding (RFC 7011 §3.3.1).
   */
  decode(
    plan: RecordPlan,
    view: DataView,
    at: number,
    end: number,
    context: SetContext,
    exporter: DataView,
    session: Session,
    sink: FlowSink,
  ): SetResult {
    const result = this.#result;
    result.records = 0;
    result.reverseRecords = 0;
    result.overrun = false;
    const run = this.#run;
    run.source = view;
    run.stride = plan.stride;
    run.version = context.version;
    run.domain = session.domain.id;
    run.exporter = exporter;
    run.receivedAtMs = context.receivedAtMs;
    run.exportMs = context.exportMs;
    run.uptimeMs = context.uptimeMs;
    run.systemInitMs = session.domain.systemInitMs;
    if (plan.layout.variable) this.#decodeVariable(plan, view, at, end, session, sink);
    else this.#decodeFixed(plan, view, at, end, session, sink);
    return result;
  }

  #decodeFixed(plan: RecordPlan, view: DataView, at: number, end: number, session: Session, sink: FlowSink): void {
    const run = this.#run;
    const rowsPerRecord = plan.reverse === null ? 1 : 2;
    let left = Math.floor((end - at) / plan.stride);
    let next = at;
    while (left > 0) {
      const room = this.#room(sink, rowsPerRecord);
      const count = Math.min(left, Math.floor(room / rowsPerRecord));
      run.view = view;
      run.at = next;
      run.count = count;
      this.#appendRows(plan, session);
      next += count * plan.stride;
      left -= count;
    }
  }

  #decodeVariable(plan: RecordPlan, view: DataView, at: number, end: number, session: Session, sink: FlowSink): void {
    const run = this.#run;
    const { minLength } = plan.layout;
    const rowsPerRecord = plan.reverse === null ? 1 : 2;
    let next = at;
    while (!this.#result.overrun && end - next >= minLength) {
      const room = this.#room(sink, rowsPerRecord);
      const most = Math.min(PACK_RECORDS, Math.floor(room / rowsPerRecord));
      this.#reservePacked(most * plan.stride);
      let count = 0;
      while (count < most && end - next >= minLength) {
        const behind = this.walk(plan.layout, view, next, end);
        if (behind < 0) {
          this.#result.overrun = true;
          break;
        }
        this.#pack(plan, view, count * plan.stride);
        next = behind;
        count++;
      }
      if (count === 0) return;
      run.view = this.#packedView;
      run.at = 0;
      run.count = count;
      this.#appendRows(plan, session);
    }
  }

  /** Finds the fields of one record, see walkRecord; they stand in `offsets` and `lengths` until the next walk. */
  walk(layout: RecordLayout, view: DataView, at: number, end: number): number {
    if (this.#offsets.length < layout.fieldCount) {
      this.#offsets = new Int32Array(layout.fieldCount);
      this.#lengths = new Int32Array(layout.fieldCount);
    }
    return walkRecord(layout, view, at, end, this.#offsets, this.#lengths);
  }

  get offsets(): Int32Array {
    return this.#offsets;
  }

  get lengths(): Int32Array {
    return this.#lengths;
  }

  #reservePacked(bytes: number): void {
    if (this.#packed.length < bytes) {
      this.#packed = new Uint8Array(bytes);
      this.#packedView = new DataView(this.#packed.buffer);
    }
    this.#packed.fill(0, 0, bytes);
  }

  /** Copies the fields the plan's steps read from the record just walked to its packed place. */
  #pack(plan: RecordPlan, view: DataView, at: number): void {
    const packed = this.#packed;
    for (const { field, to, length, form } of plan.packed) {
      const from = this.#offsets[field] as number;
      const have = this.#lengths[field] as number;
      if (form === "pointer") {
        this.#packedView.setUint32(at + to, from);
        this.#packedView.setUint16(at + to + 4, have);
        continue;
      }
      if (form === "exact" && have !== length) continue;
      const bytes = Math.min(have, length);
      const source = from + have - bytes;
      const target = at + to + length - bytes;
      for (let i = 0; i < bytes; i++) packed[target + i] = view.getUint8(source + i);
    }
  }

  /** One row a record of the run, then one a reverse direction that carried something. */
  #appendRows(plan: RecordPlan, session: Session): void {
    const run = this.#run;
    const { batch } = this.filling;
    const { count } = run;
    run.row = batch.rows;
    plan.copies.apply(run);
    for (const step of plan.steps) step(run);
    this.#resolveSampling(plan, session);
    let reverse = 0;
    if (plan.reverse !== null) reverse = this.#appendReverse(plan, plan.reverse, session);
    batch.rows += count + reverse;
    this.#rowsSeen = batch.rows;
    this.#result.records += count;
    this.#result.reverseRecords += reverse;
  }

  #appendReverse(plan: RecordPlan, reverse: ReversePlan, session: Session): number {
    const run = this.#run;
    const { at, row, count } = run;
    let rows = 0;
    for (let i = 0; i < count; i++) {
      const target = row + count + rows;
      run.at = at + i * run.stride;
      if (!appendReverseRow(run, reverse, row + i, target)) continue;
      rows++;
      if (run.columns.sampling_rate[target] === 0)
        session.domain.noteUnresolved(this.filling.generation, target, 1, this.#samplerOf(plan, run.at));
    }
    run.at = at;
    run.row = row;
    run.count = count;
    return rows;
  }

  #samplerOf(plan: RecordPlan, record: number): number | null {
    if (plan.sampler === null) return null;
    return readUnsigned(this.#run.view, record + plan.sampler.offset, plan.sampler.length);
  }

  /** The record's own rate stands; others get the one in force, or stay 0 and wait for it. */
  #resolveSampling(plan: RecordPlan, session: Session): void {
    const run = this.#run;
    const { row, count } = run;
    const { sampling_rate } = run.columns;
    const { domain } = session;
    if (run.version < 9) {
      if (session.headerRate > 0) sampling_rate.fill(session.headerRate, row, row + count);
      return;
    }
    if (plan.carriesSamplingRate && sampling_rate[row] !== 0) {
      session.samplingSource = "record";
      session.recordRate = sampling_rate[row] as number;
    }
    if (plan.sampler === null && !plan.carriesSamplingRate && domain.isUniform) {
      const rate = columnRate(domain.rateFor(null, 0, 0, 0));
      if (rate === 0) domain.noteUnresolved(this.filling.generation, row, count, null);
      else {
        sampling_rate.fill(rate, row, row + count);
        session.samplingSource = "options";
      }
      return;
    }
    this.#resolveEach(plan, session);
  }

  #resolveEach(plan: RecordPlan, session: Session): void {
    const run = this.#run;
    const { domain } = session;
    const { sampling_rate: rates, in_if: inIf, out_if: outIf, direction } = run.columns;
    for (let i = 0; i < run.count; i++) {
      const row = run.row + i;
      if (rates[row] !== 0) continue;
      const sampler = this.#samplerOf(plan, run.at + i * run.stride);
      const rate = columnRate(
        domain.rateFor(sampler, inIf[row] as number, outIf[row] as number, direction[row] as number),
      );
      if (rate === 0) domain.noteUnresolved(this.filling.generation, row, 1, sampler);
      else {
        rates[row] = rate;
        session.samplingSource = "options";
      }
    }
  }
}
