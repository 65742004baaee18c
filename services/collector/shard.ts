import { createFlowBatch, type FlowBatch } from "@v6meter/schemas";

/** Batches at hand for all shards, so that the hot path does not allocate. */
export class BatchPool {
  readonly #rows: number;
  readonly #free: FlowBatch[] = [];

  constructor(rows: number) {
    this.#rows = rows;
  }

  take(): FlowBatch {
    return this.#free.pop() ?? createFlowBatch(this.#rows);
  }

  /** Takes back a batch that was reset. */
  give(batch: FlowBatch): void {
    if (this.#free.length < 8) this.#free.push(batch);
  }
}

/**
 * Where the decoder writes the records of some of the exporters. An exporter's records always go
 * through the same shard, which is the key of their messages, so their order is kept.
 */
export class Shard {
  readonly key: string;
  readonly #pool: BatchPool;
  readonly #filled: FlowBatch[] = [];
  batch: FlowBatch;

  constructor(key: string, pool: BatchPool) {
    this.key = key;
    this.#pool = pool;
    this.batch = pool.take();
  }

  /** Called by the decoder in the middle of a datagram: sets the full batch aside. */
  full(): FlowBatch {
    this.#filled.push(this.batch);
    this.batch = this.#pool.take();
    return this.batch;
  }

  get hasFull(): boolean {
    return this.#filled.length > 0;
  }

  /** Everything written since the last take. The batches belong to the caller. */
  take(): FlowBatch[] {
    const batches = this.#filled.splice(0);
    if (this.batch.rows > 0) {
      batches.push(this.batch);
      this.batch = this.#pool.take();
    }
    return batches;
  }
}

/** FNV-1a over the address: which of `shards` an exporter's records go through. */
export function shardOf(exporter: Uint8Array, shards: number): number {
  let hash = 0x811c9dc5;
  for (const octet of exporter) hash = Math.imul(hash ^ octet, 0x01000193) >>> 0;
  return hash % shards;
}
