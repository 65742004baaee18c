/** Publishes `count` messages to a bus the main thread has open as well. */
import { workerData } from "node:worker_threads";
import { TOPICS } from "@v6meter/schemas";
import { openEmbeddedBus } from "./bus.ts";

const { path, count } = workerData as { path: string; count: number };
const bus = await openEmbeddedBus({ path, partitions: 2, maxBytes: 100_000_000 });
for (let i = 0; i < count; i++) {
  await bus.publish([{ topic: TOPICS.flows.name, key: `${i % 7}`, value: Buffer.from(String(i).padEnd(20_000)) }]);
}
await bus.stop();
