import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Admin, Kafka } from "kafkajs";
import type { Follower, FollowOptions } from "../port.ts";
import { toMessage } from "./consumer.ts";
import { kafkaFault } from "./kafka-fault.ts";

const ANSWER_WITHIN_MS = 60_000;
const RETRY_MS = 500;

interface FollowerOptions extends Pick<FollowOptions, "take"> {
  readonly kafka: Kafka;
  readonly admin: Admin;
  /** Topic and the group that is followed, as Kafka knows them. */
  readonly topic: string;
  readonly behind: string;
}

/** Brokers that have just begun, or lost one of them, do not know at once who keeps a group's offsets. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + ANSWER_WITHIN_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error as { retriable?: boolean }).retriable || performance.now() > giveUpAt) throw error;
      await sleep(RETRY_MS);
    }
  }
}

/**
 * Reads all partitions of a topic on from where a group stands, by a group of its own that commits nothing and goes
 * when it stops. Throws BUS_UNREACHABLE.
 */
export async function followTopic({ kafka, admin, topic, behind, take }: FollowerOptions): Promise<Follower> {
  const groupId = `${behind}.follower-${randomUUID()}`;
  const consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: 250,
    heartbeatInterval: 1_000,
    retry: { retries: 8, initialRetryTime: 200, maxRetryTime: 5_000, restartOnFailure: async () => true },
  });
  const caughtUp = Promise.withResolvers<void>();
  const stop = async () => {
    caughtUp.resolve();
    await consumer.disconnect().catch(() => {});
    await admin.deleteGroups([groupId]).catch(() => {});
  };
  try {
    const [[group], bounds] = await patiently(() =>
      Promise.all([admin.fetchOffsets({ groupId: behind, topics: [topic] }), admin.fetchTopicOffsets(topic)]),
    );
    const stands = new Map(group?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    const next = new Map<number, number>();
    const missing = new Map<number, number>();
    for (const { partition, low, high } of bounds) {
      const begin = Math.max(Number(low), stands.get(partition) ?? 0);
      next.set(partition, begin);
      if (begin < Number(high)) missing.set(partition, Number(high));
    }
    if (missing.size === 0) caughtUp.resolve();
    // After every rebalance, as nothing is committed, it would begin with the oldest message.
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      for (const partition of payload.memberAssignment[topic] ?? [])
        consumer.seek({ topic, partition, offset: String(next.get(partition) ?? 0) });
    });
    // Emitted for batches of which nothing is left after filtering, too: ends of transactions are records.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
      if (Number(lastOffset) + 1 >= (missing.get(partition) ?? 0)) missing.delete(partition);
      if (missing.size === 0) caughtUp.resolve();
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        for (const message of batch.messages)
          if (Number(message.offset) >= (next.get(batch.partition) ?? 0)) take(toMessage(message), batch.partition);
        next.set(batch.partition, Math.max(next.get(batch.partition) ?? 0, Number(batch.lastOffset()) + 1));
      },
    });
    return { caughtUp: caughtUp.promise, stop };
  } catch (error) {
    await stop();
    throw kafkaFault(`The topic ${topic} cannot be followed`, error);
  }
}
