import { setTimeout as sleep } from "node:timers/promises";
import { decodeFlows, encodeExporters, encodeFlowsStream, encodeLedger } from "@v6meter/batch";
import type { Bus, Consumer, Delivery, Message, OutgoingMessage, PartitionLag } from "@v6meter/bus";
import type { Classifier } from "@v6meter/classify";
import type { Component, Logger } from "@v6meter/runtime";
import {
  type BatchBooks,
  type ClassifierConfig,
  DEAD_LETTER_HEADERS,
  Fault,
  type FlowBatch,
  TOPICS,
} from "@v6meter/schemas";
import type { Insert, Store } from "@v6meter/store";
import { booksOfCut, latestStatuses, ledgerRows } from "./books.ts";

export const CLASSIFIER_GROUP = "classifier";

/** Bytes a decoded row takes on the bus, about; turns a limit of rows into one of bytes. */
const ROW_BYTES = 144;
const RECEIVE_WAIT_MS = 250;
const RETRY_MS = 1_000;
const REASON_MAX_LENGTH = 500;
/** At a stop the backlog is worked off for at most so long; the rest stays on the bus. */
const DRAIN_MAX_MS = 60_000;

export interface ClassifierServiceOptions {
  readonly config: ClassifierConfig;
  readonly bus: Bus;
  readonly store: Store;
  readonly classifier: Classifier;
  readonly logger: Logger;
  /** Called when it ends without having been asked to: nothing more is written. */
  readonly onExit: (error: Error) => void;
}

/** What the service did since its start, for metrics. */
export interface ClassifierCounts {
  cuts: number;
  repeatedCuts: number;
  rows: number;
  /** Cuts that went to another member of the group before they were committed: theirs to store. */
  lostCuts: number;
  unreadableMessages: number;
  /** Messages the bus deleted before they were classified. */
  missedMessages: number;
  insertSeconds: number;
  /** From the publish of the last message of the last cut to its commit. */
  delaySeconds: number;
}

export interface ClassifierService extends Component {
  counts(): ClassifierCounts;
  lag(): Promise<readonly PartitionLag[]>;
  /** Why the bus or the store does not serve the cut at hand; null while they do. */
  trouble(): string | null;
}

/** A cut read: its rows, and what its messages say of the books. */
interface Cut {
  readonly batches: FlowBatch[];
  readonly books: BatchBooks;
  /** Messages that could not be read, for the topic of dead letters. */
  readonly unreadable: OutgoingMessage[];
}

/** A message that cannot be read as it was, with the reason and the place it came from. */
function deadLetter({ key, value, offset }: Message, partition: number, error: unknown): OutgoingMessage {
  const reason = error instanceof Error ? error.message : String(error);
  return {
    topic: TOPICS.dead_letters.name,
    key,
    value,
    headers: {
      [DEAD_LETTER_HEADERS.reason]: reason.slice(0, REASON_MAX_LENGTH),
      [DEAD_LETTER_HEADERS.topic]: TOPICS.flows.name,
      [DEAD_LETTER_HEADERS.partition]: String(partition),
      [DEAD_LETTER_HEADERS.offset]: String(offset),
    },
  };
}

/**
 * Bus to store. A cut is written down, classified, inserted under its token and committed, in this
 * order: whoever takes over after a crash repeats the same cut under the same token (design, promise 2).
 */
export function createClassifierService(options: ClassifierServiceOptions): ClassifierService {
  const { config, bus, store, classifier, logger, onExit } = options;
  const counts: ClassifierCounts = {
    cuts: 0,
    repeatedCuts: 0,
    lostCuts: 0,
    rows: 0,
    unreadableMessages: 0,
    missedMessages: 0,
    insertSeconds: 0,
    delaySeconds: 0,
  };
  const limits = { maxMessages: 1_024, maxBytes: config.cut_rows * ROW_BYTES, waitMs: RECEIVE_WAIT_MS };
  const pace = new AbortController();
  let consumer: Consumer | undefined;
  let running = Promise.resolve();
  let stopBy = Number.POSITIVE_INFINITY;
  let failed: Error | null = null;
  let trouble: string | null = null;

  /** Reads and classifies a cut. Whatever is wrong with one message stops neither the others nor the partition. */
  function read(delivery: Delivery): Cut {
    const cut: Cut = { batches: [], books: { ledger: [], exporters: [] }, unreadable: [] };
    for (const message of delivery.messages) {
      try {
        const { batches, books } = decodeFlows(message.value);
        const filled = batches.filter(({ rows }) => rows > 0);
        for (const batch of filled) classifier.classify(batch);
        cut.batches.push(...filled);
        cut.books.ledger.push(...books.ledger);
        cut.books.exporters.push(...books.exporters);
      } catch (error) {
        cut.unreadable.push(deadLetter(message, delivery.partition, error));
        logger.error({ err: error, partition: delivery.partition, offset: message.offset }, "a message is unreadable");
      }
    }
    return cut;
  }

  /** Repeats a step, each of which is safe to repeat, until it succeeds; a fault that would come again is thrown. */
  async function persist(what: string, step: () => Promise<void>, always: boolean): Promise<void> {
    for (;;) {
      try {
        await step();
        trouble = null;
        return;
      } catch (error) {
        const code = error instanceof Fault ? error.code : null;
        const retry = error instanceof Fault && error.retry && code !== "BUS_CUT_LOST";
        if (code === "BUS_CUT_LOST" || !(retry || always)) throw error;
        trouble = (error as Error).message;
        if (Date.now() >= stopBy) throw error;
        logger.error({ err: error }, `${what}; trying again`);
        await sleep(retry ? RETRY_MS : RETRY_MS * 5);
      }
    }
  }

  /** Repeats until the store has it: a token that was stored before changes nothing. */
  const insert = (request: Insert) =>
    persist(`the store did not take ${request.table}`, () => store.insert(request), true);
  const onBus = (step: () => Promise<void>) => persist("the bus did not answer", step, false);

  async function writeCut(delivery: Delivery, { batches, books, unreadable }: Cut): Promise<void> {
    const member = consumer as Consumer;
    await onBus(() => member.begin(delivery));
    const startedAt = performance.now();
    const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
    const { token } = delivery;
    if (rows > 0) {
      const arrow = encodeFlowsStream(batches, { stage: "classify" });
      await insert({ table: "flows", arrow, rows, token: `${token}:flows` });
    }
    const publishedAtMs = delivery.messages.at(-1)?.publishedAtMs ?? Date.now();
    const ledger = ledgerRows([...books.ledger, ...booksOfCut(batches, unreadable.length)], publishedAtMs);
    if (ledger.length > 0) {
      await insert({ table: "ledger", arrow: encodeLedger(ledger), rows: ledger.length, token: `${token}:ledger` });
    }
    const statuses = latestStatuses(books.exporters);
    if (statuses.length > 0) {
      const arrow = encodeExporters(statuses);
      await insert({ table: "exporters", arrow, rows: statuses.length, token: `${token}:exporters` });
    }
    // Before the commit: after a crash a dead letter may be there twice, but is never missing.
    if (unreadable.length > 0) await onBus(() => bus.publish(unreadable));
    await onBus(() => member.commit(delivery));

    counts.cuts++;
    if (delivery.repeated) counts.repeatedCuts++;
    counts.rows += rows;
    counts.unreadableMessages += unreadable.length;
    counts.insertSeconds += (performance.now() - startedAt) / 1000;
    counts.delaySeconds = Math.max(0, Date.now() - publishedAtMs) / 1000;
  }

  async function process(delivery: Delivery): Promise<void> {
    try {
      await writeCut(delivery, read(delivery));
    } catch (error) {
      if (!(error instanceof Fault && error.code === "BUS_CUT_LOST")) throw error;
      counts.lostCuts++;
      trouble = null;
      logger.warn({ partition: delivery.partition, token: delivery.token }, "the partition has gone to another member");
    }
  }

  /** The next cut; a bus that does not answer for now is waited for. */
  async function receive(stopping: boolean): Promise<Delivery | null> {
    try {
      return await (consumer as Consumer).receive(stopping ? { ...limits, waitMs: 0 } : limits);
    } catch (error) {
      if (!(error instanceof Fault && error.retry) || stopping) throw error;
      trouble = error.message;
      logger.error({ err: error }, "the bus does not answer; trying again");
      await sleep(RETRY_MS, undefined, { signal: pace.signal }).catch(() => {});
      return null;
    }
  }

  async function run(): Promise<void> {
    while (Date.now() < stopBy) {
      const startedAt = Date.now();
      const stopping = pace.signal.aborted;
      const delivery = await receive(stopping);
      if (!delivery) {
        if (stopping) return;
        continue;
      }
      await process(delivery);
      const bytes = delivery.messages.reduce((sum, { value }) => sum + value.byteLength, 0);
      const wait = startedAt + config.cut_interval_ms - Date.now();
      // A backlog is worked off at full speed; otherwise fewer and larger inserts are cheaper.
      if (bytes < limits.maxBytes / 2 && wait > 0)
        await sleep(wait, undefined, { signal: pace.signal }).catch(() => {});
    }
  }

  return {
    name: "classifier",
    counts: () => ({ ...counts, missedMessages: consumer?.missed() ?? 0 }),
    trouble: () => trouble,
    lag: async () => (consumer ? consumer.lag() : []),
    async start() {
      consumer = await bus.consumer({ topic: TOPICS.flows.name, group: CLASSIFIER_GROUP });
      running = run().catch((error: Error) => {
        failed = error;
        onExit(error);
      });
    },
    async stop() {
      stopBy = Date.now() + DRAIN_MAX_MS;
      pace.abort();
      await running;
      await consumer?.stop();
      if (failed) throw failed;
    },
  };
}
