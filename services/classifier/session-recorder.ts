import { decodeSessions, encodeLedger, encodeSessionsStream } from "@v6meter/batch";
import type { Bus, Delivery, Follower, Message, OutgoingMessage } from "@v6meter/bus";
import type { Component, Logger } from "@v6meter/runtime";
import { type ClassifierConfig, type LedgerDelta, type SessionBatch, TOPICS } from "@v6meter/schemas";
import type { SessionTable, SessionTotals } from "@v6meter/sessions";
import type { Insert, Store } from "@v6meter/store";
import { booksOfSessionCut, ledgerRows } from "./books.ts";
import { type Cut, type CutCounts, CutLoop, deadLetter, publishedAt } from "./cut-loop.ts";
import { loadSessions } from "./load-sessions.ts";

export const SESSIONS_GROUP = "classifier-sessions";

const TOPIC = TOPICS.sessions.name;
/** Bytes an event takes on the bus, about; turns a limit of rows into one of bytes. */
const EVENT_BYTES = 192;
/** Sessions looked at for expiry at a time: some milliseconds' work, and all of 15 million within ten minutes. */
const SWEEP_SESSIONS = 8_192;

export interface SessionRecorderOptions {
  readonly config: ClassifierConfig;
  readonly bus: Bus;
  readonly store: Store;
  readonly table: SessionTable;
  /** The moment up to which flows were classified: what they may still ask for is kept. */
  readonly flowsAtMs: () => number;
  readonly logger: Logger;
  readonly onExit: (error: Error) => void;
}

/** What is known of sessions, and what was done with their events, for metrics. */
export interface SessionCounts extends CutCounts {
  readonly table: SessionTotals;
  /** How long reading what the store knew took. */
  readonly loadSeconds: number;
}

/**
 * Keeps a table of sessions: what the store knows at the start, then every event of the bus. Of the events it is
 * given as a member of its group it tells the store, after the table; of those the other members are given it
 * tells the table alone.
 */
export class SessionRecorder implements Component {
  readonly name = "session recorder";
  readonly #options: SessionRecorderOptions;
  readonly #loop: CutLoop;
  readonly #caughtUp = Promise.withResolvers<void>();
  /** Of each partition that was not empty at the start, where it ended. */
  readonly #ends = new Map<number, number>();
  #follower: Follower | null = null;
  #loadSeconds = 0;

  constructor(options: SessionRecorderOptions) {
    const { config, bus, store, logger, onExit } = options;
    this.#options = options;
    this.#loop = new CutLoop({
      topic: TOPIC,
      group: SESSIONS_GROUP,
      bus,
      store,
      maxBytes: config.cut_rows * EVENT_BYTES,
      intervalMs: config.cut_interval_ms,
      read: (delivery) => this.#read(delivery),
      idle: () => this.#sweep(),
      logger,
      onExit: (error) => {
        this.#caughtUp.resolve();
        onExit(error);
      },
    });
  }

  /** Resolves when the table knows all that was told before the start, or no more will be. */
  get caughtUp(): Promise<void> {
    return this.#caughtUp.promise;
  }

  counts(): SessionCounts {
    return { ...this.#loop.counts(), table: this.#options.table.totals, loadSeconds: this.#loadSeconds };
  }

  lag() {
    return this.#loop.lag();
  }

  trouble(): string | null {
    return this.#loop.trouble();
  }

  async start(): Promise<void> {
    const { bus, store, table, config, logger } = this.#options;
    // First, as what is stored later is read from the bus.
    this.#follower = await bus.follow({
      topic: TOPIC,
      behind: SESSIONS_GROUP,
      take: (message) => this.#takeFollowed(message),
    });
    const startedAt = performance.now();
    await loadSessions(store, Date.now() - config.session_window_ms, (batch) => table.apply(batch));
    this.#loadSeconds = (performance.now() - startedAt) / 1000;
    if (table.size > 0)
      logger.info({ sessions: table.size, seconds: this.#loadSeconds }, "sessions of the store known");
    await this.#loop.start();
    if (this.#follower) void this.#follower.caughtUp.then(() => this.#caughtUp.resolve());
    else await this.#readEnds();
  }

  async stop(): Promise<void> {
    this.#caughtUp.resolve();
    await this.#follower?.stop();
    await this.#loop.stop();
  }

  async #readEnds(): Promise<void> {
    for (const { partition, messages, endOffset } of await this.#loop.lag())
      if (messages > 0) this.#ends.set(partition, endOffset);
    if (this.#ends.size === 0) this.#caughtUp.resolve();
  }

  #read(delivery: Delivery): Cut {
    const batches: SessionBatch[] = [];
    const deltas: LedgerDelta[] = [];
    const unreadable: OutgoingMessage[] = [];
    for (const message of delivery.messages) {
      try {
        const decoded = decodeSessions(message.value);
        const filled = decoded.batches.filter(({ rows }) => rows > 0);
        for (const batch of filled) this.#options.table.apply(batch);
        batches.push(...filled);
        deltas.push(...decoded.books.ledger);
      } catch (error) {
        unreadable.push(deadLetter(TOPIC, message, delivery.partition, error));
        const { partition } = delivery;
        this.#options.logger.error({ err: error, partition, offset: message.offset }, "a message is unreadable");
      }
    }
    this.#sweep();
    if (delivery.lastOffset + 1 >= (this.#ends.get(delivery.partition) ?? 0)) this.#ends.delete(delivery.partition);
    if (this.#ends.size === 0 && !this.#follower) this.#caughtUp.resolve();

    const { token } = delivery;
    const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
    const inserts: Insert[] = [];
    if (rows > 0)
      inserts.push({ table: "sessions", arrow: encodeSessionsStream(batches), rows, token: `${token}:sessions` });
    const ledger = ledgerRows([...deltas, ...booksOfSessionCut(batches, unreadable.length)], publishedAt(delivery));
    if (ledger.length > 0)
      inserts.push({ table: "ledger", arrow: encodeLedger(ledger), rows: ledger.length, token: `${token}:ledger` });
    return { inserts, rows, unreadable };
  }

  /** What cannot be read is told by the member that stores it. */
  #takeFollowed({ value, offset }: Message): void {
    try {
      for (const batch of decodeSessions(value).batches) this.#options.table.apply(batch);
    } catch (error) {
      this.#options.logger.debug({ err: error, offset }, "a message that is followed is unreadable");
    }
  }

  #sweep(): void {
    this.#options.table.expire(this.#options.flowsAtMs(), SWEEP_SESSIONS);
  }
}
