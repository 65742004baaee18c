import { Fault } from "@v6meter/schemas";
import { checkMessage } from "../message.ts";
import type { Bus, BusUsage, Consumer, ConsumerOptions, OutgoingMessage } from "../port.ts";
import { isCompacted } from "../topics.ts";
import { joinGroup } from "./consumer.ts";
import { type Environment, HELD, openEnvironment } from "./environment.ts";
import { checkNames, MESSAGE_MAX_BYTES, writeMessages } from "./publish.ts";
import { Retention } from "./retention.ts";

/**
 * Opens the bus that lives in a folder (an lmdb environment), making it where there is none. Several
 * threads and processes may have it open at once: nothing is decided by what one of them remembers.
 * A message is durable, against power loss as well, when `publish` resolves.
 *
 * - `path`: the folder; only the bus's files are in it.
 * - `partitions`: for a bus that is made now; one that exists keeps its own number (`Bus.partitions`).
 * - `maxBytes`: what the values of held messages may come to; beyond it `publish` throws BUS_FULL.
 *
 * A consumer group has one member at a time: who joins takes the partitions over.
 *
 * Every bus must be stopped before its thread ends: lmdb does not survive a worker that is terminated
 * with its environment open, though the data does.
 *
 * Throws a Fault BUS_INVALID where the folder is not a bus or its file is damaged, BUS_UNREACHABLE
 * where the system refuses it.
 */
export async function openEmbeddedBus(options: { path: string; partitions: number; maxBytes: number }): Promise<Bus> {
  return new EmbeddedBus(await openEnvironment(options), options.maxBytes);
}

class EmbeddedBus implements Bus {
  readonly partitions: number;
  readonly busId: string;
  readonly maxMessageBytes = MESSAGE_MAX_BYTES;
  readonly #environment: Environment;
  readonly #retention: Retention;
  readonly #maxBytes: number;
  readonly #publishing = new Set<Promise<void>>();
  readonly #consumers = new Set<Consumer>();
  #stopped: Promise<void> | undefined;

  constructor(environment: Environment, maxBytes: number) {
    this.partitions = environment.identity.partitions;
    this.busId = environment.identity.busId;
    this.#environment = environment;
    this.#retention = new Retention(environment);
    this.#maxBytes = maxBytes;
  }

  async publish(messages: readonly OutgoingMessage[]): Promise<void> {
    this.#checkOpen();
    for (const message of messages) {
      checkMessage(message, this);
      checkNames(message);
    }
    if (messages.length === 0) return;
    const published = this.#environment.transact(() => writeMessages(this.#environment, messages, this.#maxBytes));
    this.#publishing.add(published);
    try {
      await published;
    } catch (error) {
      // Committed messages may be there still, and their consumer gone.
      if (error instanceof Fault && error.code === "BUS_FULL")
        for (const { topic } of messages) this.#retention.request(topic);
      throw error;
    } finally {
      this.#publishing.delete(published);
    }
  }

  async latest(topic: string, prefix = ""): Promise<ReadonlyMap<string, Uint8Array>> {
    this.#checkOpen();
    const { compacted } = this.#environment;
    return this.#environment.read(() => {
      const found = new Map<string, Uint8Array>();
      for (const { key, value } of compacted.getRange({ start: [topic, prefix] })) {
        if (key[0] !== topic || !key[1].startsWith(prefix)) break;
        found.set(key[1], Uint8Array.from(value));
      }
      return found;
    });
  }

  async consumer(options: ConsumerOptions): Promise<Consumer> {
    this.#checkOpen();
    if (isCompacted(options.topic)) throw new TypeError(`${options.topic} is compacted: it is read by latest()`);
    const consumer = await joinGroup(this.#environment, this.#retention, options);
    this.#consumers.add(consumer);
    return consumer;
  }

  /** A later member of a group takes all partitions over: there is nothing that it is not given. */
  async follow(): Promise<null> {
    return null;
  }

  async usage(): Promise<BusUsage> {
    this.#checkOpen();
    const { counters } = this.#environment;
    const held = this.#environment.read(() => counters.get(HELD)) ?? { bytes: 0, messages: 0 };
    return { ...held, maxBytes: this.#maxBytes };
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#close();
    return this.#stopped;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#publishing);
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
    await this.#retention.stop();
    await this.#environment.close();
  }

  #checkOpen(): void {
    if (this.#stopped) throw new Fault("BUS_UNREACHABLE", `The bus in ${this.#environment.path} was stopped.`);
  }
}
