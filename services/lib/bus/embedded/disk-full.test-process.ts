/**
 * Publishes to the bus in argv[2] until the disk is full (the parent limits the size of files), then
 * reads back what was acknowledged; prints one line of JSON.
 */
import { Fault, TOPICS } from "@v6meter/schemas";
import { openEmbeddedBus } from "./bus.ts";

const topic = TOPICS.flows.name;
const bus = await openEmbeddedBus({ path: process.argv[2] as string, partitions: 1, maxBytes: 500_000_000 });
let acknowledged = 0;
let fault: unknown;
for (let failed = 0; failed < 3; ) {
  // Two at once: neither may be left without an answer.
  const answers = await Promise.allSettled(
    [0, 1].map(() => bus.publish([{ topic, key: "a", value: Buffer.alloc(100_000) }])),
  );
  for (const answer of answers) {
    if (answer.status === "fulfilled") acknowledged++;
    else fault = answer.reason;
  }
  if (answers.some(({ status }) => status === "rejected")) failed++;
}
const consumer = await bus.consumer({ topic, group: "g" }).catch(() => null);
const { code, message } = fault as Fault;
console.log(JSON.stringify({ acknowledged, code, message, fault: fault instanceof Fault, joined: consumer !== null }));
await bus.stop();
