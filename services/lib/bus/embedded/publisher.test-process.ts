/**
 * Publishes to the bus in argv[2] until it is killed: publish n is of one message a partition key, all
 * of them named `<round>:<n>`. Prints n when it was acknowledged.
 */
import { writeSync } from "node:fs";
import { TOPICS } from "@v6meter/schemas";
import { openEmbeddedBus } from "./bus.ts";

const [, , path, round, count] = process.argv;
const bus = await openEmbeddedBus({ path: path as string, partitions: 4, maxBytes: 500_000_000 });
for (let n = 0; n < Number(count ?? Number.POSITIVE_INFINITY); n++) {
  const name = Buffer.from(`${round}:${n}`);
  const messages = ["a", "b", "c"].map((key) => ({
    topic: TOPICS.flows.name,
    key,
    value: Buffer.concat([name, Buffer.alloc(1 + (n % 50) * 1_000)]),
  }));
  // Two at once, so that a kill may find one of them half done.
  const published = bus.publish(messages);
  const state = bus.publish([{ topic: TOPICS.exporters.name, key: "last", value: name }]);
  await published;
  writeSync(1, `${n}\n`);
  await state;
}
await bus.stop();
