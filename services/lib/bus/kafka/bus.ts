import { randomUUID } from "node:crypto";
import { type BusConfig, Fault } from "@v6meter/schemas";
import type { Admin, Kafka } from "kafkajs";
import { checkMessage } from "../message.ts";
import { partitionOf } from "../partition.ts";
import type { Bus, BusUsage, Consumer, ConsumerOptions, Follower, FollowOptions, OutgoingMessage } from "../port.ts";
import { isCompacted } from "../topics.ts";
import { createClient, type KafkaLog } from "./client.ts";
import { KafkaMember } from "./consumer.ts";
import { FoldedValues } from "./folded-record.ts";
import { followTopic } from "./follower.ts";
import { kafkaFault } from "./kafka-fault.ts";
import { readLatest } from "./latest.ts";
import { Transactions } from "./publisher.ts";
import { settleTopics } from "./topics.ts";

export interface KafkaBusOptions {
  readonly config: BusConfig;
  /**
   * Names who publishes, across restarts: whoever opens the bus with it ends what an earlier one left open
   * and bars it. A random one where it is left out.
   */
  readonly transactionalId?: string;
  readonly logger?: KafkaLog;
}

/**
 * Opens the bus on Kafka: makes the topics that are missing and checks all. Throws BUS_UNREACHABLE where no
 * broker answers, BUS_INVALID where a topic is not as it must be or the brokers refuse this client.
 */
export async function openKafkaBus({ config, transactionalId, logger }: KafkaBusOptions): Promise<Bus> {
  const { kafka: settings, partitions } = config;
  const folded = new FoldedValues();
  const kafka = createClient(settings, folded, logger ?? null);
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { clusterId } = await admin.describeCluster();
    const count = await settleTopics(admin, { kafka: settings, partitions });
    const busId = `${clusterId}/${settings.topic_prefix}`;
    const transactions = new Transactions({
      kafka,
      folded,
      transactionalId: transactionalId ?? `${settings.topic_prefix}v6meter-${randomUUID()}`,
      topicPrefix: settings.topic_prefix,
      maxBatchBytes: settings.max_message_bytes,
      partitionOf: (message) => partitionFor(message, count),
    });
    if (transactionalId !== undefined) await transactions.settle();
    return new KafkaBus({ kafka, admin, transactions, config, partitions: count, busId, log: logger ?? null });
  } catch (error) {
    await admin.disconnect().catch(() => {});
    throw kafkaFault(`Kafka at ${settings.brokers.join(", ")} does not serve`, error);
  }
}

function groupName(prefix: string, group: string): string {
  return `${prefix}v6meter.${group}`;
}

/** Compacted topics have one partition. */
function partitionFor({ topic, key, partition }: OutgoingMessage, partitions: number): number {
  return isCompacted(topic) ? 0 : (partition ?? partitionOf(key, partitions));
}

interface Parts {
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly transactions: Transactions;
  readonly config: BusConfig;
  readonly partitions: number;
  readonly busId: string;
  readonly log: KafkaLog | null;
}

class KafkaBus implements Bus {
  readonly partitions: number;
  readonly busId: string;
  readonly maxMessageBytes: number;
  readonly #parts: Parts;
  readonly #consumers = new Set<Consumer>();
  readonly #followers = new Set<Follower>();
  #stopped: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.partitions = parts.partitions;
    this.busId = parts.busId;
    this.maxMessageBytes = parts.config.kafka.max_message_bytes;
  }

  async publish(messages: readonly OutgoingMessage[]): Promise<void> {
    this.#checkOpen();
    for (const message of messages) checkMessage(message, this);
    if (messages.length > 0) await this.#parts.transactions.publish(messages);
  }

  async latest(topic: string, prefix = ""): Promise<ReadonlyMap<string, Uint8Array>> {
    this.#checkOpen();
    const { kafka, admin, transactions, config } = this.#parts;
    // What this one published before and does not know the outcome of is decided now.
    await transactions.settle();
    return readLatest(kafka, admin, `${config.kafka.topic_prefix}${topic}`, prefix);
  }

  /** kafkajs unfolds what it reads: nothing is given folded. */
  async consumer({ topic, group }: ConsumerOptions): Promise<Consumer> {
    this.#checkOpen();
    if (isCompacted(topic)) throw new TypeError(`${topic} is compacted: it is read by latest()`);
    const { kafka, admin, config, log } = this.#parts;
    const { topic_prefix, session_timeout_ms } = config.kafka;
    const member = await KafkaMember.join({
      kafka,
      admin,
      topic: `${topic_prefix}${topic}`,
      group: groupName(topic_prefix, group),
      busId: this.busId,
      sessionTimeoutMs: session_timeout_ms,
      log,
    });
    this.#consumers.add(member);
    return member;
  }

  async follow({ topic, behind, take }: FollowOptions): Promise<Follower | null> {
    this.#checkOpen();
    const { kafka, admin, config } = this.#parts;
    const { topic_prefix } = config.kafka;
    const follower = await followTopic({
      kafka,
      admin,
      topic: `${topic_prefix}${topic}`,
      behind: groupName(topic_prefix, behind),
      take,
    });
    this.#followers.add(follower);
    return follower;
  }

  async usage(): Promise<BusUsage | null> {
    return null;
  }

  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      await this.#parts.transactions.stop();
      await Promise.all([...this.#consumers, ...this.#followers].map((reader) => reader.stop()));
      await this.#parts.admin.disconnect().catch(() => {});
    })();
    return this.#stopped;
  }

  #checkOpen(): void {
    if (this.#stopped) throw new Fault("BUS_UNREACHABLE", "The bus was stopped.");
  }
}
