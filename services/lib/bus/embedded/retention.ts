import { type Environment, HELD } from "./environment.ts";
import { EMPTY_PARTITION, type PositionKey } from "./records.ts";

/** Messages deleted in one transaction: few enough that a publish waits for milliseconds. */
const CHUNK_MESSAGES = 256;
const DELAY_MS = 50;

/** Deletes what every group of a topic has committed, in chunks, a moment after it was asked to. */
export class Retention {
  readonly #environment: Environment;
  readonly #topics = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #running = Promise.resolve();
  #stopped = false;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Looks at the topic's partitions before long; the caller does not wait. */
  request(topic: string): void {
    if (this.#stopped) return;
    this.#topics.add(topic);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#running = this.#running.then(() => this.#sweep());
    }, DELAY_MS);
  }

  async #sweep(): Promise<void> {
    const topics = [...this.#topics];
    this.#topics.clear();
    try {
      for (const topic of topics) {
        for (let partition = 0; partition < this.#environment.identity.partitions; partition++) {
          while (!this.#stopped && (await this.#deleteChunk(topic, partition)));
        }
      }
    } catch {
      // What could not be deleted stays counted; the next commit asks again.
    }
  }

  /** True where there is more to delete. */
  async #deleteChunk(topic: string, partition: number): Promise<boolean> {
    const { partitions } = this.#environment;
    const committed = this.#environment.read(() => {
      const { first } = partitions.get([topic, partition]) ?? EMPTY_PARTITION;
      return this.#committedByAll(topic, partition) - first;
    });
    if (committed <= 0) return false;
    return this.#environment.transact(() => this.#delete(topic, partition));
  }

  #delete(topic: string, partition: number): boolean {
    const { counters, heads, partitions, values } = this.#environment;
    const record = partitions.get([topic, partition]) ?? EMPTY_PARTITION;
    const committed = this.#committedByAll(topic, partition);
    const until = Math.min(committed, record.first + CHUNK_MESSAGES);
    if (until <= record.first) return false;
    let bytes = 0;
    for (let offset = record.first; offset < until; offset++) {
      bytes += heads.get([topic, partition, offset])?.size ?? 0;
      heads.remove([topic, partition, offset]);
      values.remove([topic, partition, offset]);
    }
    const held = counters.get(HELD) ?? { bytes: 0, messages: 0 };
    counters.put(HELD, { bytes: held.bytes - bytes, messages: held.messages - (until - record.first) });
    partitions.put([topic, partition], { ...record, first: until });
    return until < committed;
  }

  #committedByAll(topic: string, partition: number): number {
    let least = Number.POSITIVE_INFINITY;
    const start: PositionKey = [topic, partition, ""];
    const end: PositionKey = [topic, partition + 1, ""];
    for (const { value } of this.#environment.positions.getRange({ start, end })) {
      least = Math.min(least, value.next);
    }
    return Number.isFinite(least) ? least : 0;
  }

  /** Ends after the chunk under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }
}
