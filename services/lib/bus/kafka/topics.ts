import { setTimeout as sleep } from "node:timers/promises";
import { Fault, type KafkaConfig, TOPICS } from "@v6meter/schemas";
import kafkajs, { type Admin, type ITopicConfig } from "kafkajs";
import { originOf } from "./kafka-fault.ts";

/** Settings a topic must have, by Kafka's names for them. */
type TopicSettings = Readonly<Record<string, string>>;

export interface TopicOptions {
  readonly kafka: KafkaConfig;
  /** Partitions of a topic of messages that is made now. */
  readonly partitions: number;
}

const KEYS = Object.keys(TOPICS) as (keyof typeof TOPICS)[];

function wanted(key: keyof typeof TOPICS, { kafka }: TopicOptions): TopicSettings {
  const { compacted, retain_bytes } = TOPICS[key];
  return {
    "cleanup.policy": compacted ? "compact" : "delete",
    "max.message.bytes": String(kafka.max_message_bytes + BATCH_OVERHEAD_BYTES),
    ...(!compacted && { "retention.ms": String(kafka.retention_ms) }),
    ...(retain_bytes !== null && { "retention.bytes": String(retain_bytes) }),
  };
}

/** Of a record batch beside the values: headers, keys, what zstd adds to what does not compress. */
const BATCH_OVERHEAD_BYTES = 1_048_576;

/** Compacted topics are small, and read whole. */
function partitionsOf(key: keyof typeof TOPICS, partitions: number): number {
  return TOPICS[key].compacted ? 1 : partitions;
}

async function makeMissing(admin: Admin, options: TopicOptions): Promise<void> {
  const there = new Set(await admin.listTopics());
  const { topic_prefix, replication_factor } = options.kafka;
  const topics = KEYS.map(
    (key): ITopicConfig => ({
      topic: `${topic_prefix}${TOPICS[key].name}`,
      numPartitions: partitionsOf(key, options.partitions),
      ...(replication_factor !== null && { replicationFactor: replication_factor }),
      configEntries: Object.entries(wanted(key, options)).map(([name, value]) => ({ name, value })),
    }),
  ).filter(({ topic }) => !there.has(topic));
  // Another process may make them at the same moment: what is wrong with them is found by the check.
  if (topics.length > 0) await admin.createTopics({ topics, waitForLeaders: true });
}

async function check(admin: Admin, key: keyof typeof TOPICS, options: TopicOptions): Promise<void> {
  const topic = `${options.kafka.topic_prefix}${TOPICS[key].name}`;
  const settings = wanted(key, options);
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [
      { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: ["cleanup.policy", "max.message.bytes"] },
    ],
  });
  const found = new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]));
  const refuse = (name: string, allowed: string) => {
    throw new Fault(
      "BUS_INVALID",
      `The topic ${topic}: ${name} is ${found.get(name) ?? "not told"}, allowed is ${allowed}.`,
    );
  };
  if (found.get("cleanup.policy") !== settings["cleanup.policy"])
    refuse("cleanup.policy", settings["cleanup.policy"] as string);
  if (Number(found.get("max.message.bytes")) < options.kafka.max_message_bytes)
    refuse("max.message.bytes", `${options.kafka.max_message_bytes} or more (bus.kafka.max_message_bytes)`);
}

/** What brokers say of a topic that was made a moment ago. */
const NOT_KNOWN_YET = new Set(["UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE"]);
const KNOWN_WITHIN_MS = 30_000;
const RETRY_MS = 200;

async function untilKnown<T>(ask: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + KNOWN_WITHIN_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!NOT_KNOWN_YET.has(originOf(error).type ?? "") || performance.now() > giveUpAt) throw error;
      await sleep(RETRY_MS);
    }
  }
}

/**
 * Makes the topics that are missing and checks all: their policy and the size of their messages. Returns
 * the partitions of the topic of flows as they are. Throws BUS_INVALID with topic, setting and what is allowed.
 */
export async function settleTopics(admin: Admin, options: TopicOptions): Promise<number> {
  await untilKnown(() => makeMissing(admin, options));
  for (const key of KEYS) await untilKnown(() => check(admin, key, options));
  const topic = `${options.kafka.topic_prefix}${TOPICS.flows.name}`;
  const { topics } = await untilKnown(() => admin.fetchTopicMetadata({ topics: [topic] }));
  return topics[0]?.partitions.length ?? 0;
}
