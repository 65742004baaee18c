import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeSessions } from "@v6meter/batch";
import type { Bus, OutgoingMessage } from "@v6meter/bus";
import type { Logger } from "@v6meter/runtime";
import {
  type BatchBooks,
  createSessionBatch,
  Fault,
  resetSessionBatch,
  SESSION_LABEL_NAMES,
  type SessionBatch,
  type SessionLabelName,
  type SessionLabels,
  TOPICS,
} from "@v6meter/schemas";
import { Tally } from "./tally.ts";

/** Events of one NAS share a key and so keep their order; few keys, so that a publish is few messages. */
const SHARDS = 16;
const BATCH_ROWS = 4_096;
const EMPTY = createSessionBatch(0);
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 2_000;
const POSITIONS = TOPICS.positions.name;

/** What an outbox did since it was made, for metrics. */
export interface OutboxCounts {
  publishes: number;
  messages: number;
  bytes: number;
  events: number;
  /** Events that are taken in and not published yet. */
  queuedEvents: number;
  /** Time spent in publishing, waits for a bus that does not take it among it. */
  publishSeconds: number;
  /** Publishes of unknown outcome that had arrived after all. */
  publishesFound: number;
  /** Why the bus does not take what is published; null while it does. */
  trouble: string | null;
}

/**
 * Collects events and their books and publishes them together, in one atomic publish. Each publish bears
 * its number on TOPICS.positions: after one of unknown outcome that tells whether it arrived, and nothing
 * is published twice.
 */
export class Outbox {
  readonly #bus: Bus;
  readonly #logger: Logger;
  readonly #shards: (SessionBatch | undefined)[] = [];
  readonly #words: Record<SessionLabelName, Map<string, number>>;
  readonly #labels: { [K in SessionLabelName]: string[] };
  readonly #positionKey = `accounting/${randomUUID()}`;
  readonly #abandon = new AbortController();
  #number = 0;
  #tail: Promise<void> = Promise.resolve();
  #rowsTaken = 0;
  #isFull = false;
  #underWay = 0;
  readonly tally = new Tally();
  readonly counts: OutboxCounts = {
    publishes: 0,
    messages: 0,
    bytes: 0,
    events: 0,
    queuedEvents: 0,
    publishSeconds: 0,
    publishesFound: 0,
    trouble: null,
  };

  constructor({ bus, logger }: { readonly bus: Bus; readonly logger: Logger }) {
    this.#bus = bus;
    this.#logger = logger;
    const each = <T>(make: () => T) => Object.fromEntries(SESSION_LABEL_NAMES.map((name) => [name, make()])) as never;
    this.#words = each(() => new Map([["unknown", 0]]));
    this.#labels = each(() => ["unknown"]);
  }

  /** The batch for events of a NAS by its hash, with room for one at least where the outbox is not full. */
  batchFor(nasHash: number): SessionBatch {
    const shard = nasHash & (SHARDS - 1);
    this.#shards[shard] ??= createSessionBatch(BATCH_ROWS);
    return this.#shards[shard];
  }

  /** Takes the row behind a batch's last one as written. */
  commitRow(batch: SessionBatch): void {
    batch.rows++;
    this.#rowsTaken++;
    this.counts.queuedEvents++;
    if (batch.rows === batch.capacity) this.#isFull = true;
  }

  /** There may be no room for another event: it is to be flushed first. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** The number of a word in a label column. */
  label(name: SessionLabelName, word: string): number {
    const known = this.#words[name].get(word);
    if (known !== undefined) return known;
    const number = this.#labels[name].push(word) - 1;
    this.#words[name].set(word, number);
    return number;
  }

  /** What was flushed before is not published yet. */
  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  /**
   * Publishes what was collected, `beside` it in the same publish, after what was flushed before. Resolves when it is
   * durable; rejects where the bus refuses it for good or the wait was given up.
   */
  flush(beside: readonly OutgoingMessage[] = []): Promise<void> {
    const events = this.#rowsTaken;
    const messages = this.#takeMessages();
    messages.push(...beside);
    if (messages.length === 0) return this.#tail;
    this.#rowsTaken = 0;
    this.#isFull = false;
    const number = ++this.#number;
    const position = Buffer.from(JSON.stringify({ number }));
    messages.push({ topic: POSITIONS, key: this.#positionKey, value: position });
    this.#underWay++;
    this.#tail = this.#tail
      .then(() => this.#publish(messages, events, number))
      .finally(() => {
        this.#underWay--;
        this.counts.queuedEvents -= events;
      });
    // Whoever waits for a publish is told by the promise he has; the chain is not one of them.
    this.#tail.catch(() => {});
    return this.#tail;
  }

  /** Stops waiting for a bus that does not take what was flushed. */
  giveUp(): void {
    this.#abandon.abort();
  }

  /** Removes its position from the bus: nobody asks for it any more. */
  async close(): Promise<void> {
    if (this.#number === 0) return;
    await this.#bus.publish([{ topic: POSITIONS, key: this.#positionKey, value: null }]);
  }

  #takeMessages(): OutgoingMessage[] {
    const books: BatchBooks = { ledger: this.tally.take(), exporters: [] };
    const taken = this.#shards.flatMap((batch, shard) =>
      batch !== undefined && batch.rows > 0 ? [{ batch, shard }] : [],
    );
    if (taken.length === 0 && books.ledger.length > 0) taken.push({ batch: EMPTY, shard: 0 });
    const labels: SessionLabels = this.#labels;
    return taken.map(({ batch, shard }, i) => {
      batch.labels = labels;
      // One publish is atomic, so the books may ride on any of its messages.
      const value = encodeSessions(batch, i === 0 ? books : { ledger: [], exporters: [] });
      resetSessionBatch(batch);
      return { topic: TOPICS.sessions.name, key: `nas-${shard}`, value };
    });
  }

  async #publish(messages: readonly OutgoingMessage[], events: number, number: number): Promise<void> {
    const startedAt = performance.now();
    let retryMs = RETRY_MIN_MS;
    try {
      for (;;) {
        try {
          await this.#bus.publish(messages);
          break;
        } catch (error) {
          if (!(error instanceof Fault && error.retry) || this.#abandon.signal.aborted) throw error;
          if (this.counts.trouble === null)
            this.#logger.warn(
              { code: error.code },
              "the bus does not take sessions for now; nothing is answered until it does",
            );
          this.counts.trouble = error.message;
          await sleep(retryMs, undefined, { signal: this.#abandon.signal }).catch(() => {});
          retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
          if (await this.#hasArrived(number)) {
            this.counts.publishesFound++;
            break;
          }
        }
      }
      this.counts.trouble = null;
      this.counts.publishes++;
      this.counts.messages += messages.length;
      this.counts.events += events;
      for (const { value } of messages) this.counts.bytes += value?.byteLength ?? 0;
    } finally {
      this.counts.publishSeconds += (performance.now() - startedAt) / 1_000;
    }
  }

  /** Whether the publish of a number is on the bus; waits until the bus tells. */
  async #hasArrived(number: number): Promise<boolean> {
    for (;;) {
      try {
        const position = (await this.#bus.latest(POSITIONS, this.#positionKey)).get(this.#positionKey);
        return (
          position !== undefined &&
          (JSON.parse(Buffer.from(position).toString()) as { number: number }).number >= number
        );
      } catch (error) {
        if (!(error instanceof Fault && error.retry) || this.#abandon.signal.aborted) throw error;
        await sleep(RETRY_MAX_MS, undefined, { signal: this.#abandon.signal }).catch(() => {});
      }
    }
  }
}
