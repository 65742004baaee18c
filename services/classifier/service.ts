import { decodeFlows, encodeExporters, encodeFlowsStream, encodeLedger } from "@v6meter/batch";
import type { Bus, Delivery, OutgoingMessage, PartitionLag } from "@v6meter/bus";
import type { Classifier, JoinTally } from "@v6meter/classify";
import type { Component, Logger } from "@v6meter/runtime";
import { type ClassifierConfig, type ExporterStatus, type FlowBatch, type LedgerDelta, TOPICS } from "@v6meter/schemas";
import type { SessionTable } from "@v6meter/sessions";
import type { Insert, Store } from "@v6meter/store";
import { booksOfCut, latestStatuses, ledgerRows } from "./books.ts";
import { type Cut, type CutCounts, CutLoop, deadLetter, publishedAt } from "./cut-loop.ts";
import { type SessionCounts, SessionRecorder } from "./session-recorder.ts";

export const CLASSIFIER_GROUP = "classifier";

/** Bytes a decoded row takes on the bus, about; turns a limit of rows into one of bytes. */
const ROW_BYTES = 144;

export interface ClassifierServiceOptions {
  readonly config: ClassifierConfig;
  readonly bus: Bus;
  readonly store: Store;
  readonly classifier: Classifier;
  /** The table the classifier joins flows with: filled from the store and the bus. Left out, sessions are not read. */
  readonly sessions?: SessionTable;
  readonly logger: Logger;
  /** Called when it ends without having been asked to: nothing more is written. */
  readonly onExit: (error: Error) => void;
}

/** What the service did with flows since its start, for metrics. */
export type ClassifierCounts = CutCounts;

export interface ClassifierService extends Component {
  counts(): ClassifierCounts;
  lag(): Promise<readonly PartitionLag[]>;
  /** What is known of sessions; null where they are not read. */
  sessionCounts(): (SessionCounts & JoinTally) | null;
  sessionLag(): Promise<readonly PartitionLag[]>;
  /** Why the bus or the store does not serve the cut at hand; null while they do. */
  trouble(): string | null;
}

/** Bus to store: flows, and the sessions they are joined with. */
export function createClassifierService(options: ClassifierServiceOptions): ClassifierService {
  const { config, bus, store, classifier, sessions, logger, onExit } = options;
  /** When the flows at hand were published; the present where there are none. */
  let flowsAtMs = Date.now();

  const recorder = sessions
    ? new SessionRecorder({ config, bus, store, table: sessions, flowsAtMs: () => flowsAtMs, logger, onExit })
    : null;

  /** Where the rows of the cut at hand are written for the store: there is one cut at a time. */
  let memory = new Uint8Array(0);
  const allocate = (bytes: number) => {
    if (memory.length < bytes) memory = new Uint8Array(bytes);
    return memory.subarray(0, bytes);
  };

  function read(delivery: Delivery): Cut {
    const batches: FlowBatch[] = [];
    const deltas: LedgerDelta[] = [];
    const exporters: ExporterStatus[] = [];
    const unreadable: OutgoingMessage[] = [];
    flowsAtMs = publishedAt(delivery);
    for (const message of delivery.messages) {
      try {
        const decoded = decodeFlows(message.value);
        const filled = decoded.batches.filter(({ rows }) => rows > 0);
        for (const batch of filled) classifier.classify(batch);
        batches.push(...filled);
        deltas.push(...decoded.books.ledger);
        exporters.push(...decoded.books.exporters);
      } catch (error) {
        unreadable.push(deadLetter(TOPICS.flows.name, message, delivery.partition, error));
        logger.error({ err: error, partition: delivery.partition, offset: message.offset }, "a message is unreadable");
      }
    }

    const { token } = delivery;
    const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
    const inserts: Insert[] = [];
    if (rows > 0) {
      const arrow = encodeFlowsStream(batches, { stage: "classify", allocate });
      inserts.push({ table: "flows", arrow, rows, token: `${token}:flows` });
    }
    const ledger = ledgerRows([...deltas, ...booksOfCut(batches, unreadable.length)], publishedAt(delivery));
    if (ledger.length > 0)
      inserts.push({ table: "ledger", arrow: encodeLedger(ledger), rows: ledger.length, token: `${token}:ledger` });
    const statuses = latestStatuses(exporters);
    if (statuses.length > 0) {
      const arrow = encodeExporters(statuses);
      inserts.push({ table: "exporters", arrow, rows: statuses.length, token: `${token}:exporters` });
    }
    return { inserts, rows, unreadable };
  }

  const loop = new CutLoop({
    topic: TOPICS.flows.name,
    group: CLASSIFIER_GROUP,
    bus,
    store,
    maxBytes: config.cut_rows * ROW_BYTES,
    intervalMs: config.cut_interval_ms,
    ...(recorder ? { ready: recorder.caughtUp } : {}),
    waitMs: () => (sessions && sessions.size > 0 ? config.session_wait_ms : 0),
    read,
    idle: () => {
      flowsAtMs = Date.now();
    },
    logger,
    onExit,
  });

  return {
    name: "classifier",
    counts: () => loop.counts(),
    lag: () => loop.lag(),
    sessionCounts: () => {
      const { sessionRows, sessionlessRows } = classifier.totals;
      return recorder ? { ...recorder.counts(), sessionRows, sessionlessRows } : null;
    },
    sessionLag: async () => recorder?.lag() ?? [],
    trouble: () => loop.trouble() ?? recorder?.trouble() ?? null,
    async start() {
      await recorder?.start();
      try {
        await loop.start();
      } catch (error) {
        await recorder?.stop();
        throw error;
      }
    },
    async stop() {
      // Flows that wait for their sessions are worked off while these are still read.
      const stopped = await Promise.allSettled([loop.stop()]);
      stopped.push(...((await Promise.allSettled([recorder?.stop()])) as typeof stopped));
      const failed = stopped.find(({ status }) => status === "rejected");
      if (failed) throw (failed as PromiseRejectedResult).reason;
    },
  };
}
