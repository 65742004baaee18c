import { Fault } from "@v6meter/schemas";
import kafkajs, { type Kafka, type Message as KafkaOutgoing, type Producer, type Transaction } from "kafkajs";
import type { OutgoingMessage } from "../port.ts";
import type { FoldedValues } from "./folded-record.ts";
import { kafkaFault } from "./kafka-fault.ts";

/** A transaction that nobody ends is ended by the broker after so long; readers wait for it. */
const TRANSACTION_TIMEOUT_MS = 30_000;
/** Messages of one transaction, over all publishes that wait. */
const TRANSACTION_MAX_BYTES = 67_108_864;

export interface TransactionsOptions {
  readonly kafka: Kafka;
  /** Those that are on their way are there. */
  readonly folded: FoldedValues;
  readonly transactionalId: string;
  readonly topicPrefix: string;
  /** Bytes of the messages of one record batch at most, one message alone excepted. */
  readonly maxBatchBytes: number;
  partitionOf(message: OutgoingMessage): number;
}

interface Waiting {
  readonly messages: readonly OutgoingMessage[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A part of a transaction, messages by topic, that makes at most one record batch a partition. */
type Portion = Map<string, OutgoingMessage[]>;

/** Of a record beside its texts: lengths, offset and time, at most. */
const RECORD_OVERHEAD_BYTES = 32;

function sizeOf({ key, value, headers, contentBytes }: OutgoingMessage): number {
  let size = RECORD_OVERHEAD_BYTES + Buffer.byteLength(key) + (contentBytes ?? value?.length ?? 0);
  for (const [name, text] of Object.entries(headers ?? {})) size += name.length + Buffer.byteLength(text) + 4;
  return size;
}

/**
 * Publishes by transactions (KIP-98): what waits at the same time goes together, all or none. After any
 * error the producer is closed and another takes its transactional id: that ends what was left open, bars a
 * process that has the same id, and starts the sequence numbers anew, which kafkajs does not set right
 * after an error, so that a broker could take a new batch for one it has.
 */
export class Transactions {
  readonly #options: TransactionsOptions;
  readonly #waiting: Waiting[] = [];
  #producer: Producer | null = null;
  /** Begun and empty: kafkajs takes the transactional id over when a transaction begins, not when it connects. */
  #next: Transaction | null = null;
  #opening: Promise<Producer> | null = null;
  #running: Promise<void> | null = null;
  #stopped = false;

  constructor(options: TransactionsOptions) {
    this.#options = options;
  }

  /** Takes the transactional id over: what an earlier owner left open is ended. */
  async settle(): Promise<void> {
    await this.#running;
    await this.#open();
  }

  publish(messages: readonly OutgoingMessage[]): Promise<void> {
    if (this.#stopped) return Promise.reject(new Fault("BUS_UNREACHABLE", "The bus was stopped."));
    const bytes = messages.reduce((sum, message) => sum + sizeOf(message), 0);
    const published = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ messages, bytes, resolve, reject });
    });
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return published;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const together = [this.#waiting.shift() as Waiting];
      let bytes = together[0]?.bytes ?? 0;
      while (this.#waiting[0] && bytes + this.#waiting[0].bytes <= TRANSACTION_MAX_BYTES) {
        const next = this.#waiting.shift() as Waiting;
        bytes += next.bytes;
        together.push(next);
      }
      try {
        await this.#transact(together.flatMap(({ messages }) => messages));
        for (const { resolve } of together) resolve();
      } catch (error) {
        const fault = kafkaFault("Kafka did not take what was published", error);
        for (const { reject } of together) reject(fault);
      }
    }
  }

  async #transact(messages: readonly OutgoingMessage[]): Promise<void> {
    const producer = await this.#open();
    const tokens: Buffer[] = [];
    try {
      const transaction = this.#next ?? (await producer.transaction());
      this.#next = null;
      for (const portion of this.#portions(messages)) {
        const topicMessages = [...portion].map(([topic, ofTopic]) => ({
          topic,
          messages: ofTopic.map((message) => this.#toKafka(message, tokens)),
        }));
        await transaction.sendBatch({ acks: -1, compression: kafkajs.CompressionTypes.ZSTD, topicMessages });
      }
      await transaction.commit();
    } catch (error) {
      await this.#close();
      throw error;
    } finally {
      for (const token of tokens) this.#options.folded.remove(token);
    }
  }

  #toKafka(message: OutgoingMessage, tokens: Buffer[]): KafkaOutgoing {
    const { key, value, headers } = message;
    return {
      key,
      value: value && this.#valueFor(value, message.contentBytes, tokens),
      partition: this.#options.partitionOf(message),
      ...(headers && { headers: { ...headers } }),
    };
  }

  /** The value, or its token where it is folded. */
  #valueFor(value: Uint8Array, contentBytes: number | undefined, tokens: Buffer[]): Buffer {
    if (contentBytes === undefined) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    const token = this.#options.folded.add({ value, contentBytes });
    tokens.push(token);
    return token;
  }

  /** A partition's messages keep their order: each goes with the one before it, or behind that. */
  #portions(messages: readonly OutgoingMessage[]): Portion[] {
    const { maxBatchBytes, partitionOf, topicPrefix } = this.#options;
    const portions: Portion[] = [];
    const ends = new Map<string, { portion: number; bytes: number }>();
    for (const message of messages) {
      const topic = `${topicPrefix}${message.topic}`;
      const name = `${partitionOf(message)}/${topic}`;
      const end = ends.get(name) ?? { portion: 0, bytes: 0 };
      // A folded message is a record batch by itself: it is the batch's compressed part.
      const bytes = message.contentBytes === undefined ? sizeOf(message) : Number.POSITIVE_INFINITY;
      const begins = end.bytes > 0 && end.bytes + bytes > maxBatchBytes;
      const next = begins ? { portion: end.portion + 1, bytes } : { ...end, bytes: end.bytes + bytes };
      ends.set(name, next);
      portions[next.portion] ??= new Map();
      const portion = portions[next.portion] as Portion;
      const ofTopic = portion.get(topic) ?? [];
      ofTopic.push(message);
      portion.set(topic, ofTopic);
    }
    return portions;
  }

  async #open(): Promise<Producer> {
    if (this.#producer) return this.#producer;
    this.#opening ??= this.#takeOver().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #takeOver(): Promise<Producer> {
    const producer = this.#options.kafka.producer({
      transactionalId: this.#options.transactionalId,
      transactionTimeout: TRANSACTION_TIMEOUT_MS,
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition as number,
    });
    try {
      await producer.connect();
      this.#next = await producer.transaction();
    } catch (error) {
      await producer.disconnect().catch(() => {});
      throw kafkaFault("Kafka does not answer the producer", error);
    }
    this.#producer = producer;
    return producer;
  }

  async #close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = null;
    this.#next = null;
    await producer?.disconnect().catch(() => {});
  }

  /** Finishes what was accepted. */
  async stop(): Promise<void> {
    this.#stopped = true;
    while (this.#running) await this.#running;
    await this.#close();
  }
}
