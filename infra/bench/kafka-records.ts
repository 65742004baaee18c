import { randomUUID } from "node:crypto";
import { decodeFlows } from "@v6meter/batch";
import { openKafkaBus } from "@v6meter/bus";
import { config as settings, TOPICS } from "@v6meter/schemas";

/** Rows of all messages of flows the brokers hold in the topics of a prefix, whoever has published them. */
export async function recordsInKafka(brokers: readonly string[], prefix = ""): Promise<number> {
  const bus = await openKafkaBus({ config: settings.parse({ bus: { kafka: { brokers, topic_prefix: prefix } } }).bus });
  try {
    const consumer = await bus.consumer({ topic: TOPICS.flows.name, group: randomUUID() });
    const ends = (await consumer.lag()).map(({ partition, endOffset }) => [partition, endOffset] as const);
    const left = new Map(ends.filter(([, end]) => end > 0));
    let records = 0;
    while (left.size > 0) {
      const delivery = await consumer.receive({ maxMessages: 16, maxBytes: 33_554_432, waitMs: 10_000 });
      if (!delivery) break;
      for (const { value } of delivery.messages) for (const { rows } of decodeFlows(value).batches) records += rows;
      // Behind the last message stands the end of its transaction.
      if (delivery.lastOffset + 2 >= (left.get(delivery.partition) ?? 0)) left.delete(delivery.partition);
      await consumer.begin(delivery);
      await consumer.commit(delivery);
    }
    return records;
  } finally {
    await bus.stop();
  }
}
