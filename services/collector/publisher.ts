import { setTimeout as sleep } from "node:timers/promises";
import { clearFlowBatch, countByExporter, encodeFlows } from "@v6meter/batch";
import type { Bus, OutgoingMessage } from "@v6meter/bus";
import type { Decoder } from "@v6meter/netflow";
import type { Logger } from "@v6meter/runtime";
import { type BatchBooks, createFlowBatch, Fault, type FlowBatch, type LedgerDelta, TOPICS } from "@v6meter/schemas";
import { CarriedBooks } from "./carried-books.ts";
import { createFolding, type Folded, type Folding } from "./fold.ts";
import { MessageMemory } from "./message-memory.ts";
import type { BatchPool, Shard } from "./shard.ts";

const EMPTY = createFlowBatch(0);
const RETRY_MS = 50;

/** What a publisher did, for metrics. */
export interface PublisherCounts {
  publishes: number;
  messages: number;
  bytes: number;
  records: number;
  droppedRecords: number;
  queuedBytes: number;
  /** Why the bus does not take what is published; null while it does. */
  trouble: string | null;
}

export interface PublisherOptions {
  readonly bus: Bus;
  readonly decoder: Decoder;
  readonly shards: readonly Shard[];
  readonly pool: BatchPool;
  readonly logger: Logger;
  /** Encoded batches that may wait for the bus; beyond it records are dropped as `bus_full`. */
  readonly queueMaxBytes: number;
  /** Values are folded (OutgoingMessage.contentBytes): for a bus whose reader hands them on. */
  readonly folds?: boolean;
  /** Waited for before every publish. */
  readonly before?: (() => Promise<void>) | undefined;
}

/**
 * Publishes what was decoded: the rows of all shards, their books and the state of their exporters, as
 * one atomic publish. So after a crash the books are right for exactly the rows that are on the bus, and
 * an exporter's sequence position is that of its last published datagram: what was lost in memory
 * shows up as a gap. Called between two datagrams only.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #memory = new MessageMemory();
  readonly #folding: Folding | null;
  readonly #carried = new CarriedBooks();
  #tail: Promise<void> = Promise.resolve();
  #failed: unknown = null;
  readonly counts: PublisherCounts = {
    publishes: 0,
    messages: 0,
    bytes: 0,
    records: 0,
    droppedRecords: 0,
    queuedBytes: 0,
    trouble: null,
  };

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#folding = options.folds ? createFolding() : null;
  }

  /** Books that are not the decoder's (drops of the kernel); they go with the next publish. */
  book(...deltas: LedgerDelta[]): void {
    this.#carried.addLedger(deltas);
  }

  /**
   * Takes everything that was decoded and hands it to the bus. Resolves when the bus has it, with false where
   * it was not handed over whole or not taken.
   */
  flush(): Promise<boolean> {
    const { decoder, shards, pool, queueMaxBytes } = this.#options;
    this.#carried.addLedger(decoder.takeLedger());
    this.#carried.addStatus(decoder.takeStatus());
    this.#carried.addState(decoder.takeState());

    const taken = shards.map((shard, partition) => ({ partition, key: shard.key, batches: shard.take() }));
    const batches = taken.flatMap(({ batches }) => batches);
    const full = this.counts.queuedBytes > queueMaxBytes;
    this.#bookRecords(batches, full);
    if (!full) this.#enqueue(taken);
    for (const batch of batches) {
      clearFlowBatch(batch);
      pool.give(batch);
    }
    return full ? Promise.resolve(false) : this.#tail.then(() => this.#failed === null);
  }

  /** Publishes what is left and waits for all of it; throws what kept the bus from taking it. */
  async drain(): Promise<void> {
    void this.flush();
    await this.#tail;
    // Where the queue was full, the books of what was dropped are still here.
    await this.flush();
    this.#folding?.close();
    if (this.#failed) throw this.#failed;
  }

  #bookRecords(batches: readonly FlowBatch[], dropped: boolean): void {
    for (const batch of batches) {
      for (const [exporter, count] of countByExporter(batch)) {
        const reason = dropped ? "bus_full" : "";
        const outcome = dropped ? "dropped" : "forwarded";
        this.book(
          { exporter, stage: "publish", outcome: "received", reason: "", count },
          { exporter, stage: "publish", outcome, reason, count },
        );
      }
      this.counts[dropped ? "droppedRecords" : "records"] += batch.rows;
    }
  }

  #enqueue(taken: readonly { partition: number; key: string; batches: FlowBatch[] }[]): void {
    const rows = taken.flatMap(({ batches, ...to }) => batches.map((batch) => ({ ...to, batch })));
    if (rows.length === 0 && this.#carried.isEmpty) return;
    if (rows.length === 0) rows.push({ partition: 0, key: (this.#options.shards[0] as Shard).key, batch: EMPTY });

    // One publish is atomic, so the books may ride on any of its messages.
    const { books, state } = this.#carried.take();
    const none: BatchBooks = { ledger: [], exporters: [] };
    const allocate = (bytes: number) => this.#memory.take(bytes);
    const streams = rows.map(({ batch }, index) =>
      encodeFlows(batch, { stage: "decode", books: index === 0 ? books : none, allocate }),
    );
    this.counts.queuedBytes += bytesOf(streams);
    // At once, beside the publish under way; each is published in its turn.
    const folding = Promise.all(streams.map((stream) => this.#fold(stream)));
    this.#tail = this.#tail.then(async () => {
      const values = await folding;
      const topic = TOPICS.flows.name;
      // A shard is a partition: keys alone, hashed, may leave some partitions empty and give others several.
      const messages: OutgoingMessage[] = rows.map(({ partition, key }, i) => ({
        topic,
        partition,
        key,
        ...(values[i] as Folded),
      }));
      for (const [key, value] of state) messages.push({ topic: TOPICS.exporters.name, key, value });
      await this.#publish(messages);
      this.counts.queuedBytes -= bytesOf(values.map(({ value }) => value));
      for (const { value } of values) this.#memory.give(value);
    });
  }

  /** The stream as it is published; folded, its memory is free for the next one. */
  async #fold(stream: Uint8Array): Promise<Folded> {
    if (!this.#folding) return { value: stream };
    const folded = await this.#folding.fold(stream, (bytes) => this.#memory.take(bytes));
    if (folded.contentBytes === undefined) return folded;
    this.#memory.give(stream);
    this.counts.queuedBytes -= stream.byteLength - folded.value.byteLength;
    return folded;
  }

  async #publish(messages: readonly OutgoingMessage[]): Promise<void> {
    let waiting = false;
    while (this.#failed === null) {
      try {
        await this.#options.before?.();
        await this.#options.bus.publish(messages);
        this.counts.trouble = null;
        this.counts.publishes++;
        this.counts.messages += messages.length;
        for (const { value } of messages) this.counts.bytes += value?.byteLength ?? 0;
        break;
      } catch (error) {
        if (!(error instanceof Fault && error.retry)) {
          this.#failed = error;
          this.#options.logger.error({ err: error }, "the bus refused a batch for good; nothing more is published");
          break;
        }
        if (!waiting) this.#options.logger.warn({ code: error.code }, "the bus does not take more for now; waiting");
        waiting = true;
        this.counts.trouble = error.message;
        await sleep(RETRY_MS);
      }
    }
  }
}

function bytesOf(values: readonly Uint8Array[]): number {
  return values.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
