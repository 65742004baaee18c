import { setTimeout as sleep } from "node:timers/promises";
import { decodeFlows, encodeExporters, encodeFlowsStream, encodeLedger } from "@v6meter/batch";
import type { Bus, Consumer, Delivery, PartitionLag } from "@v6meter/bus";
import type { Classifier } from "@v6meter/classify";
import type { Component, Logger } from "@v6meter/runtime";
import { type BatchBooks, type ClassifierConfig, Fault, type FlowBatch, TOPICS } from "@v6meter/schemas";
import type { Insert, Store } from "@v6meter/store";
import { booksOfCut, latestStatuses, ledgerRows } from "./books.ts";

export const CLASSIFIER_GROUP = "classifier";

/** Bytes a decoded row takes on the bus, about; turns a limit of rows into one of bytes. */
const ROW_BYTES = 144;
const RECEIVE_WAIT_MS = 250;
const RETRY_MS = 1_000;
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
  unreadableMessages: number;
  insertSeconds: number;
}

export interface ClassifierService extends Component {
  counts(): ClassifierCounts;
  lag(): Promise<readonly PartitionLag[]>;
  /** Why the store has not taken the cut at hand yet; null while it takes them. */
  trouble(): string | null;
}

/** A cut read: its rows, and what its messages say of the books. */
interface Cut {
  readonly batches: FlowBatch[];
  readonly books: BatchBooks;
  readonly unreadable: number;
}

/**
 * Bus to store. A cut is written down, classified, inserted under its token and committed, in this
 * order: whoever takes over after a crash repeats the same cut under the same token (design, promise 2).
 */
export function createClassifierService(options: ClassifierServiceOptions): ClassifierService {
  const { config, bus, store, classifier, logger, onExit } = options;
  const counts: ClassifierCounts = { cuts: 0, repeatedCuts: 0, rows: 0, unreadableMessages: 0, insertSeconds: 0 };
  const limits = { maxMessages: 1_024, maxBytes: config.cut_rows * ROW_BYTES, waitMs: RECEIVE_WAIT_MS };
  const pace = new AbortController();
  let consumer: Consumer | undefined;
  let running = Promise.resolve();
  let stopBy = Number.POSITIVE_INFINITY;
  let failed: Error | null = null;
  let trouble: string | null = null;

  function read(delivery: Delivery): Cut {
    const cut = { batches: [] as FlowBatch[], books: { ledger: [], exporters: [] } as BatchBooks, unreadable: 0 };
    for (const message of delivery.messages) {
      try {
        const { batches, books } = decodeFlows(message.value);
        cut.batches.push(...batches.filter(({ rows }) => rows > 0));
        cut.books.ledger.push(...books.ledger);
        cut.books.exporters.push(...books.exporters);
      } catch (error) {
        cut.unreadable++;
        logger.error({ err: error, partition: delivery.partition, offset: message.offset }, "a message is unreadable");
      }
    }
    return cut;
  }

  /** Repeats until the store has it: a token that was stored before changes nothing. */
  async function insert(request: Insert): Promise<void> {
    for (;;) {
      try {
        await store.insert(request);
        trouble = null;
        return;
      } catch (error) {
        trouble = (error as Error).message;
        if (Date.now() >= stopBy) throw error;
        const retry = error instanceof Fault && error.retry;
        logger.error({ err: error, table: request.table }, "the store did not take a cut; trying again");
        await sleep(retry ? RETRY_MS : RETRY_MS * 5);
      }
    }
  }

  async function process(delivery: Delivery): Promise<void> {
    const { batches, books, unreadable } = read(delivery);
    for (const batch of batches) classifier.classify(batch);
    await (consumer as Consumer).begin(delivery);

    const startedAt = performance.now();
    const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
    const { token } = delivery;
    if (rows > 0) {
      const arrow = encodeFlowsStream(batches, { stage: "classify" });
      await insert({ table: "flows", arrow, rows, token: `${token}:flows` });
    }
    const publishedAtMs = delivery.messages.at(-1)?.publishedAtMs ?? Date.now();
    const ledger = ledgerRows([...books.ledger, ...booksOfCut(batches, unreadable)], publishedAtMs);
    if (ledger.length > 0) {
      await insert({ table: "ledger", arrow: encodeLedger(ledger), rows: ledger.length, token: `${token}:ledger` });
    }
    const statuses = latestStatuses(books.exporters);
    if (statuses.length > 0) {
      const arrow = encodeExporters(statuses);
      await insert({ table: "exporters", arrow, rows: statuses.length, token: `${token}:exporters` });
    }
    await (consumer as Consumer).commit(delivery);

    counts.cuts++;
    if (delivery.repeated) counts.repeatedCuts++;
    counts.rows += rows;
    counts.unreadableMessages += unreadable;
    counts.insertSeconds += (performance.now() - startedAt) / 1000;
  }

  async function run(): Promise<void> {
    while (Date.now() < stopBy) {
      const startedAt = Date.now();
      const stopping = pace.signal.aborted;
      const delivery = await (consumer as Consumer).receive(stopping ? { ...limits, waitMs: 0 } : limits);
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
    counts: () => counts,
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
