import { setTimeout as sleep } from "node:timers/promises";
import type { Bus, Consumer, Delivery, Message, OutgoingMessage, PartitionLag, ReceiveLimits } from "@v6meter/bus";
import type { Logger } from "@v6meter/runtime";
import { DEAD_LETTER_HEADERS, Fault, TOPICS } from "@v6meter/schemas";
import type { Insert, Store } from "@v6meter/store";

const RECEIVE_WAIT_MS = 250;
const RETRY_MS = 1_000;
const REASON_MAX_LENGTH = 500;
const MAX_MESSAGES = 1_024;
/** At a stop the backlog is worked off for at most so long; the rest stays on the bus. */
const DRAIN_MAX_MS = 60_000;

/** What a cut came to. */
export interface Cut {
  /** In their order. */
  readonly inserts: readonly Insert[];
  /** Rows of the first of them, of which the figures tell. */
  readonly rows: number;
  /** Messages that could not be read, for the topic of dead letters. */
  readonly unreadable: readonly OutgoingMessage[];
}

export interface CutLoopOptions {
  readonly topic: string;
  readonly group: string;
  readonly bus: Bus;
  readonly store: Store;
  /** Bytes of one cut at most. */
  readonly maxBytes: number;
  /** Longest time between two inserts while there is something to insert. */
  readonly intervalMs: number;
  /** Nothing is read before it resolves; at once where it is left out. */
  readonly ready?: Promise<void>;
  /** How long messages wait on the bus after they were published. */
  readonly waitMs?: () => number;
  /** Makes of a delivery what is to be stored. Whatever is wrong with one message stops neither the others nor the partition. */
  readonly read: (delivery: Delivery) => Cut;
  /** Called when nothing was there to read. */
  readonly idle?: () => void;
  readonly logger: Logger;
  /** Called when it ends without having been asked to: nothing more is written. */
  readonly onExit: (error: Error) => void;
}

/** What a loop did since its start, for metrics. */
export interface CutCounts {
  cuts: number;
  repeatedCuts: number;
  rows: number;
  /** Cuts that went to another member of the group before they were committed: theirs to store. */
  lostCuts: number;
  unreadableMessages: number;
  /** Messages the bus deleted before they were read. */
  missedMessages: number;
  insertSeconds: number;
  /** From the publish of the last message of the last cut to its commit. */
  delaySeconds: number;
}

/** A message that cannot be read as it was, with the reason and the place it came from. */
export function deadLetter(
  topic: string,
  { key, value, offset }: Message,
  partition: number,
  error: unknown,
): OutgoingMessage {
  const reason = error instanceof Error ? error.message : String(error);
  return {
    topic: TOPICS.dead_letters.name,
    key,
    value,
    headers: {
      [DEAD_LETTER_HEADERS.reason]: reason.slice(0, REASON_MAX_LENGTH),
      [DEAD_LETTER_HEADERS.topic]: topic,
      [DEAD_LETTER_HEADERS.partition]: String(partition),
      [DEAD_LETTER_HEADERS.offset]: String(offset),
    },
  };
}

/**
 * Bus to store. A cut is read, written down, inserted under its token and committed, in this
 * order: whoever takes over after a crash repeats the same cut under the same token (design, promise 2).
 */
export class CutLoop {
  readonly #options: CutLoopOptions;
  readonly #counts: CutCounts = {
    cuts: 0,
    repeatedCuts: 0,
    lostCuts: 0,
    rows: 0,
    unreadableMessages: 0,
    missedMessages: 0,
    insertSeconds: 0,
    delaySeconds: 0,
  };
  readonly #pace = new AbortController();
  #consumer: Consumer | undefined;
  #running = Promise.resolve();
  #stopBy = Number.POSITIVE_INFINITY;
  #failed: Error | null = null;
  #trouble: string | null = null;

  constructor(options: CutLoopOptions) {
    this.#options = options;
  }

  counts(): CutCounts {
    return { ...this.#counts, missedMessages: this.#consumer?.missed() ?? 0 };
  }

  async lag(): Promise<readonly PartitionLag[]> {
    return this.#consumer ? this.#consumer.lag() : [];
  }

  /** Why the bus or the store does not serve the cut at hand; null while they do. */
  trouble(): string | null {
    return this.#trouble;
  }

  async start(): Promise<void> {
    const { bus, topic, group, onExit } = this.#options;
    this.#consumer = await bus.consumer({ topic, group });
    this.#running = this.#run().catch((error: Error) => {
      this.#failed = error;
      onExit(error);
    });
  }

  async stop(): Promise<void> {
    this.#stopBy = Date.now() + DRAIN_MAX_MS;
    this.#pace.abort();
    await this.#running;
    await this.#consumer?.stop();
    if (this.#failed) throw this.#failed;
  }

  async #run(): Promise<void> {
    const { maxBytes, intervalMs, idle } = this.#options;
    await this.#becomeReady();
    while (Date.now() < this.#stopBy) {
      const startedAt = Date.now();
      const stopping = this.#pace.signal.aborted;
      const delivery = await this.#receive(stopping);
      if (!delivery) {
        if (stopping) return;
        idle?.();
        continue;
      }
      if (!(await this.#isDue(delivery))) return;
      await this.#process(delivery);
      const bytes = delivery.messages.reduce((sum, { value }) => sum + value.byteLength, 0);
      const wait = startedAt + intervalMs - Date.now();
      // A backlog is worked off at full speed; otherwise fewer and larger inserts are cheaper.
      if (bytes < maxBytes / 2 && wait > 0) await sleep(wait, undefined, { signal: this.#pace.signal }).catch(() => {});
    }
  }

  async #becomeReady(): Promise<void> {
    let waiting = this.#options.ready !== undefined;
    const ready = this.#options.ready?.then(() => {
      waiting = false;
    });
    while (waiting && Date.now() < this.#stopBy) await Promise.race([ready, sleep(RECEIVE_WAIT_MS)]);
  }

  /** The next cut; a bus that does not answer for now is waited for. */
  async #receive(stopping: boolean): Promise<Delivery | null> {
    const { maxBytes, logger } = this.#options;
    const limits: ReceiveLimits = { maxMessages: MAX_MESSAGES, maxBytes, waitMs: stopping ? 0 : RECEIVE_WAIT_MS };
    try {
      return await (this.#consumer as Consumer).receive(limits);
    } catch (error) {
      if (!(error instanceof Fault && error.retry) || stopping) throw error;
      this.#trouble = error.message;
      logger.error({ err: error }, "the bus does not answer; trying again");
      await sleep(RETRY_MS, undefined, { signal: this.#pace.signal }).catch(() => {});
      return null;
    }
  }

  /** Lets a cut wait for its time; false where a stop is due before: it stays on the bus. */
  async #isDue({ messages }: Delivery): Promise<boolean> {
    const publishedAtMs = messages.at(-1)?.publishedAtMs ?? 0;
    const due = () => publishedAtMs + (this.#options.waitMs?.() ?? 0);
    while (due() > Date.now()) {
      if (due() > this.#stopBy) return false;
      await sleep(Math.min(due() - Date.now(), RECEIVE_WAIT_MS));
    }
    return true;
  }

  async #process(delivery: Delivery): Promise<void> {
    try {
      await this.#write(delivery, this.#options.read(delivery));
    } catch (error) {
      if (!(error instanceof Fault && error.code === "BUS_CUT_LOST")) throw error;
      this.#counts.lostCuts++;
      this.#trouble = null;
      const { partition, token } = delivery;
      this.#options.logger.warn({ partition, token }, "the partition has gone to another member");
    }
  }

  async #write(delivery: Delivery, { inserts, rows, unreadable }: Cut): Promise<void> {
    const { bus, store } = this.#options;
    const counts = this.#counts;
    const member = this.#consumer as Consumer;
    await this.#onBus(() => member.begin(delivery));
    const startedAt = performance.now();
    // Until the store has them: a token that was stored before changes nothing.
    for (const insert of inserts)
      await this.#persist(`the store did not take ${insert.table}`, () => store.insert(insert), true);
    // Before the commit: after a crash a dead letter may be there twice, but is never missing.
    if (unreadable.length > 0) await this.#onBus(() => bus.publish(unreadable));
    await this.#onBus(() => member.commit(delivery));

    counts.cuts++;
    if (delivery.repeated) counts.repeatedCuts++;
    counts.rows += rows;
    counts.unreadableMessages += unreadable.length;
    counts.insertSeconds += (performance.now() - startedAt) / 1000;
    counts.delaySeconds = Math.max(0, Date.now() - publishedAt(delivery)) / 1000;
  }

  #onBus(step: () => Promise<void>): Promise<void> {
    return this.#persist("the bus did not answer", step, false);
  }

  /** Repeats a step, each of which is safe to repeat, until it succeeds; a fault that would come again is thrown. */
  async #persist(what: string, step: () => Promise<void>, always: boolean): Promise<void> {
    for (;;) {
      try {
        await step();
        this.#trouble = null;
        return;
      } catch (error) {
        const code = error instanceof Fault ? error.code : null;
        const retry = error instanceof Fault && error.retry && code !== "BUS_CUT_LOST";
        if (code === "BUS_CUT_LOST" || !(retry || always)) throw error;
        this.#trouble = (error as Error).message;
        if (Date.now() >= this.#stopBy) throw error;
        this.#options.logger.error({ err: error }, `${what}; trying again`);
        await sleep(retry ? RETRY_MS : RETRY_MS * 5);
      }
    }
  }
}

/** When the last message of a cut was published. */
export function publishedAt({ messages }: Delivery): number {
  return messages.at(-1)?.publishedAtMs ?? Date.now();
}
