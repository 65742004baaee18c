import { randomUUID } from "node:crypto";
import { Kafka, logLevel } from "kafkajs";

function client(brokers: readonly string[]): Kafka {
  return new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
}

/** Makes a topic of one partition. */
export async function makeTopic(brokers: readonly string[], topic: string): Promise<void> {
  const admin = client(brokers).admin();
  await admin.connect();
  try {
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1, replicationFactor: 1 }] });
  } finally {
    await admin.disconnect();
  }
}

/** The topics whose names begin so are deleted, and what they take with them. */
export async function dropTopics(brokers: readonly string[], prefix: string): Promise<void> {
  const admin = client(brokers).admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((name) => name.startsWith(prefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  } finally {
    await admin.disconnect();
  }
}

/** Messages the brokers hold of a topic nothing is deleted from and no transaction writes to. */
export async function messagesIn(brokers: readonly string[], topic: string): Promise<number> {
  const admin = client(brokers).admin();
  await admin.connect();
  try {
    const partitions = await admin.fetchTopicOffsets(topic);
    return partitions.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  } finally {
    await admin.disconnect();
  }
}

/** Reads all messages of a topic of one partition; the sum of what `take` finds in each. */
export async function sumOf(
  brokers: readonly string[],
  topic: string,
  take: (value: Buffer) => number,
): Promise<number> {
  const end = await messagesIn(brokers, topic);
  if (end === 0) return 0;
  const consumer = client(brokers).consumer({ groupId: randomUUID() });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    let sum = 0;
    await new Promise<void>((done, failed) => {
      const eachMessage = async ({
        message: { value, offset },
      }: {
        message: { value: Buffer | null; offset: string };
      }) => {
        sum += value ? take(value) : 0;
        if (Number(offset) + 1 >= end) done();
      };
      consumer.run({ eachMessage }).catch(failed);
    });
    return sum;
  } finally {
    await consumer.disconnect();
  }
}
