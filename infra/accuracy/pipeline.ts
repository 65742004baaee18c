import { encodeFlowsStream, encodeSessions } from "@v6meter/batch";
import { type Classifier, createClassifier, type Registry } from "@v6meter/classify";
import { createDecoder, DEFAULT_DECODER_OPTIONS, type Decoder, type FlowSink } from "@v6meter/netflow";
import {
  classifierConfig,
  createFlowBatch,
  createSessionBatch,
  type FlowBatch,
  resetFlowBatch,
  resetSessionBatch,
  SESSION_FIELD_NAMES,
  SESSION_FIELDS,
  type SessionBatch,
  WIDTHS,
} from "@v6meter/schemas";
import { SessionTable } from "@v6meter/sessions";
import type { Store } from "@v6meter/store";

const DAY_MS = 86_400_000;
const BATCH_ROWS = 131_072;
const EXPIRE_EVERY_MS = 2 * DAY_MS;
/** So many rows wait to be classified together. */
const CLASSIFY_ROWS = 65_536;
/** Rows of one insert, as many as a busy classifier's cut. */
const INSERT_ROWS = 524_288;
const SESSION_ROWS = 262_144;
const SOURCE_PORT = 40_000;
const EXPORTERS_MAX = 10_000;

export interface PipelineOptions {
  readonly store: Store;
  readonly registry: Registry;
  /** How long an ended session is kept for flows that come late, in virtual time. */
  readonly sessionWindowMs: number;
}

/**
 * The stages from datagram to store as a collector and a classifier run them, in one thread and in virtual
 * time: what is received at a moment of the simulated month is booked at that moment. Only the sockets and the
 * bus are left out.
 */
export class Pipeline implements FlowSink {
  readonly sessions: SessionTable;
  readonly #store: Store;
  readonly #decoder: Decoder;
  readonly #classifier: Classifier;
  readonly #free: FlowBatch[] = [];
  /** Decoded, and classified. */
  readonly #waiting: FlowBatch[] = [];
  #filled: FlowBatch[] = [];
  #classifiedAtMs = Number.NEGATIVE_INFINITY;
  #expiredAtMs = Number.NEGATIVE_INFINITY;
  #filledRows = 0;
  #inserts = 0;
  #inserting: Promise<void> = Promise.resolve();
  rows = 0;
  sessionEvents = 0;
  batch: FlowBatch = createFlowBatch(BATCH_ROWS);
  /** Session events that wait for their insert; every population's labels are the same. */
  readonly #told = createSessionBatch(SESSION_ROWS);

  constructor({ store, registry, sessionWindowMs }: PipelineOptions) {
    const { session_slots, session_grace_ms, repeat_window_ms, repeat_slots } = classifierConfig.parse({});
    this.#store = store;
    this.sessions = new SessionTable({ slots: session_slots, windowMs: sessionWindowMs, graceMs: session_grace_ms });
    this.#decoder = createDecoder({ ...DEFAULT_DECODER_OPTIONS, maxExporters: EXPORTERS_MAX });
    this.#classifier = createClassifier({
      registry,
      sessions: this.sessions,
      subscriberKey: new Uint8Array(32).fill(7),
      repeatWindowMs: repeat_window_ms,
      repeatSlots: repeat_slots,
    });
  }

  /** Session events take effect at once, and are stored when there are enough of them. */
  async account(batch: SessionBatch): Promise<void> {
    this.sessions.apply(batch);
    this.sessionEvents += batch.rows;
    if (this.#told.rows + batch.rows > this.#told.capacity) await this.#storeSessions();
    const at = this.#told.rows;
    for (const name of SESSION_FIELD_NAMES) {
      const width = WIDTHS[SESSION_FIELDS[name].kind];
      this.#told.columns[name].set(batch.columns[name].subarray(0, batch.rows * width), at * width);
    }
    this.#told.rows += batch.rows;
    this.#told.labels = batch.labels;
  }

  async #storeSessions(): Promise<void> {
    const { rows } = this.#told;
    if (rows === 0) return;
    const arrow = encodeSessions(this.#told);
    resetSessionBatch(this.#told);
    await this.#inserting;
    this.#inserting = this.#store.insert({ table: "sessions", arrow, rows, token: `sessions-${++this.#inserts}` });
  }

  receive(datagram: Uint8Array, exporter: Uint8Array, atMs: number): void {
    this.#decoder.decode(datagram, exporter, SOURCE_PORT, atMs, this);
  }

  full(): FlowBatch {
    this.#set();
    return this.batch;
  }

  #set(): void {
    this.#waiting.push(this.batch);
    this.#filledRows += this.batch.rows;
    this.batch = this.#free.pop() ?? createFlowBatch(BATCH_ROWS);
  }

  /**
   * Classifies what was decoded so far and inserts it, each when it is enough; all of it at the end of a day, so
   * that no flow waits longer than ended sessions are kept.
   */
  async settle(nowMs: number, last = false): Promise<void> {
    const dayIsOver = nowMs - this.#classifiedAtMs >= DAY_MS;
    if (this.batch.rows < CLASSIFY_ROWS && this.#waiting.length === 0 && !dayIsOver && !last) return;
    this.#classifiedAtMs = nowMs;
    if (this.batch.rows > 0) this.#set();
    for (const batch of this.#waiting) this.#classifier.classify(batch);
    this.#filled.push(...this.#waiting.splice(0));
    this.#expire(nowMs);
    this.#decoder.expire(nowMs);
    this.#decoder.takeLedger();
    this.#decoder.takeStatus();
    this.#decoder.takeState();
    if (last) await this.#storeSessions();
    if (this.#filledRows < INSERT_ROWS && !last) return;
    await this.#inserting;
    const batches = this.#filled;
    const rows = this.#filledRows;
    this.#filled = [];
    this.#filledRows = 0;
    if (rows > 0) this.#inserting = this.#insert(batches, rows);
    if (last) await this.#inserting;
  }

  /** A sweep looks at every session, so it is worth its time when many have ended. */
  #expire(nowMs: number): void {
    if (nowMs - this.#expiredAtMs < EXPIRE_EVERY_MS) return;
    this.#expiredAtMs = nowMs;
    this.sessions.expire(nowMs);
  }

  /** The engine works on its own threads while the next batches are decoded. */
  async #insert(batches: FlowBatch[], rows: number): Promise<void> {
    const arrow = encodeFlowsStream(batches, { stage: "classify" });
    for (const batch of batches) {
      resetFlowBatch(batch);
      if (this.#free.length < 8) this.#free.push(batch);
    }
    await this.#store.insert({ table: "flows", arrow, rows, token: `flows-${++this.#inserts}` });
    this.rows += rows;
  }
}
