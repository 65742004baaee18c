import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { TOPICS } from "@v6meter/schemas";
import { expect, test } from "vitest";
import type { Consumer } from "../port.ts";
import { openEmbeddedBus } from "./bus.ts";
import { testFolder } from "./folder.test-data.ts";

const TOPIC = TOPICS.flows.name;

async function take(consumer: Consumer, count: number): Promise<string[]> {
  const values: string[] = [];
  while (values.length < count) {
    const delivery = await consumer.receive({ maxMessages: 50, maxBytes: 10_000_000, waitMs: 20_000 });
    if (!delivery) break;
    values.push(...delivery.messages.map(({ value }) => Buffer.from(value).toString().trim()));
    await consumer.begin(delivery);
    await consumer.commit(delivery);
  }
  return values;
}

test("two threads publish while a third consumes, and the threads end", async () => {
  const path = join(testFolder(), "bus");
  const bus = await openEmbeddedBus({ path, partitions: 2, maxBytes: 100_000_000 });
  const consumer = await bus.consumer({ topic: TOPIC, group: "g" });
  const workers = [1, 2].map(
    () => new Worker(new URL("./thread.test-worker.ts", import.meta.url), { workerData: { path, count: 100 } }),
  );
  const ends = workers.map(
    (worker) => new Promise((resolve, reject) => worker.once("exit", resolve).once("error", reject)),
  );
  const values = await take(consumer, 200);
  expect(values.map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i >> 1));
  expect(await Promise.all(ends)).toEqual([0, 0]);
  await bus.publish([{ topic: TOPIC, key: "a", value: Buffer.from("still here") }]);
  expect(await take(consumer, 1)).toEqual(["still here"]);
  await bus.stop();
});

test("the room of committed messages is used again", async () => {
  const path = join(testFolder(), "bus");
  const bus = await openEmbeddedBus({ path, partitions: 2, maxBytes: 5_000_000 });
  const consumer = await bus.consumer({ topic: TOPIC, group: "g" });
  for (let round = 0; round < 20; round++) {
    const values = Array.from({ length: 16 }, (_, i) => ({
      topic: TOPIC,
      key: `${i}`,
      value: new Uint8Array(200_000 + i * 4_000),
    }));
    for (const value of values) await bus.publish([value]);
    await take(consumer, values.length);
    while (((await bus.usage())?.messages ?? 0) > 0) await sleep(5);
  }
  expect(await bus.usage())?.toEqual({ bytes: 0, messages: 0, maxBytes: 5_000_000 });
  // 20 rounds are 74 MB; one is 3.7 MB.
  expect(statSync(join(path, "data.mdb")).size).toBeLessThan(15_000_000);
  await bus.stop();
});

test("a group that joins late begins with the oldest message that is held", async () => {
  const bus = await openEmbeddedBus({ path: join(testFolder(), "bus"), partitions: 1, maxBytes: 5_000_000 });
  const publish = (value: string) => bus.publish([{ topic: TOPIC, key: "a", value: Buffer.from(value) }]);
  await publish("1");
  await take(await bus.consumer({ topic: TOPIC, group: "early" }), 1);
  while (((await bus.usage())?.messages ?? 0) > 0) await sleep(5);
  await publish("2");
  expect(await take(await bus.consumer({ topic: TOPIC, group: "late" }), 1)).toEqual(["2"]);
  await bus.stop();
});

test("offsets of a partition are dense from 0 and a token names bus, topic, partition and cut", async () => {
  const bus = await openEmbeddedBus({ path: join(testFolder(), "bus"), partitions: 1, maxBytes: 5_000_000 });
  for (let i = 0; i < 3; i++) await bus.publish([{ topic: TOPIC, key: `${i}`, value: Buffer.from("x") }]);
  const consumer = await bus.consumer({ topic: TOPIC, group: "g" });
  const delivery = await consumer.receive({ maxMessages: 2, maxBytes: 100, waitMs: 0 });
  expect(delivery?.messages.map(({ offset }) => offset)).toEqual([0, 1]);
  expect(delivery?.token).toMatch(/^[0-9a-f-]{36}:v6meter\.flows:0:0-1$/);
  await bus.stop();
});

test.each([
  { says: "a key that is too long", key: "k".repeat(513) },
  { says: "a key with NUL", key: "a\0b" },
])("$says is refused and nothing of its publish is kept", async ({ key }) => {
  const bus = await openEmbeddedBus({ path: join(testFolder(), "bus"), partitions: 1, maxBytes: 5_000_000 });
  const value = Buffer.from("x");
  const refused = bus.publish([
    { topic: TOPIC, key: "a", value },
    { topic: TOPIC, key, value },
  ]);
  await expect(refused).rejects.toBeInstanceOf(TypeError);
  expect((await bus.usage())?.messages ?? 0).toBe(0);
  await bus.stop();
});
