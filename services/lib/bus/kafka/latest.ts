import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "@v6meter/schemas";
import type { Admin, Kafka } from "kafkajs";
import { kafkaFault } from "./kafka-fault.ts";

/** How long a topic's end may be out of reach: a transaction that is open before it ends within this time. */
const END_WITHIN_MS = 60_000;
const OFFSETS_TRIES = 10;
const OFFSETS_RETRY_MS = 200;
const LOOK_MS = 10;

/**
 * Reads a compacted topic from its oldest record to where it ends now, committed transactions only: the last
 * value of every key that begins with `prefix`. Throws BUS_UNREACHABLE.
 */
export async function readLatest(
  kafka: Kafka,
  admin: Admin,
  topic: string,
  prefix: string,
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  const groupId = `v6meter-latest-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100, heartbeatInterval: 1_000 });
  try {
    const missing = new Map<number, bigint>();
    for (const { partition, low, high } of await offsetsOf(admin, topic)) {
      if (BigInt(low) < BigInt(high)) missing.set(partition, BigInt(high));
    }
    if (missing.size === 0) return found;
    // Emitted for batches of which nothing is left after filtering, too: ends of transactions are records.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
      if (BigInt(lastOffset) + 1n >= (missing.get(partition) ?? 0n)) missing.delete(partition);
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        for (const { key, value } of batch.messages) {
          const name = key?.toString() ?? "";
          if (!name.startsWith(prefix)) continue;
          if (value === null) found.delete(name);
          else found.set(name, Uint8Array.from(value));
        }
      },
    });
    const giveUpAt = performance.now() + END_WITHIN_MS;
    while (missing.size > 0) {
      if (performance.now() > giveUpAt) throw new Fault("BUS_UNREACHABLE", `The end of ${topic} is out of reach.`);
      await sleep(LOOK_MS);
    }
    return found;
  } catch (error) {
    throw kafkaFault(`The topic ${topic} cannot be read`, error);
  } finally {
    await consumer.disconnect().catch(() => {});
    await admin.deleteGroups([groupId]).catch(() => {});
  }
}

/** A topic just made, or whose leader has moved, has no leader for a moment; kafkajs asks once. */
export async function offsetsOf(admin: Admin, topic: string) {
  for (let left = OFFSETS_TRIES - 1; ; left--) {
    try {
      return await admin.fetchTopicOffsets(topic);
    } catch (error) {
      if (left === 0 || !(error as { retriable?: boolean }).retriable) throw error;
      await sleep(OFFSETS_RETRY_MS);
    }
  }
}
