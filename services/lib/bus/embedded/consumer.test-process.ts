/**
 * Takes one cut of the bus in argv[2], goes as far as argv[3] says (received, begun, committed), prints
 * the cut and waits to be killed.
 */
import { writeSync } from "node:fs";
import { TOPICS } from "@v6meter/schemas";
import { openEmbeddedBus } from "./bus.ts";

const [, , path, step] = process.argv;
const bus = await openEmbeddedBus({ path: path as string, partitions: 4, maxBytes: 500_000_000 });
const consumer = await bus.consumer({ topic: TOPICS.flows.name, group: "killed" });
const delivery = await consumer.receive({ maxMessages: 3, maxBytes: 1_000_000, waitMs: 10_000 });
if (!delivery) throw new Error("no delivery came");
if (step !== "received") await consumer.begin(delivery);
if (step === "committed") await consumer.commit(delivery);
const values = delivery.messages.map(({ value }) => Buffer.from(value).toString("latin1"));
writeSync(1, `${JSON.stringify({ ...delivery, messages: undefined, values })}\n`);
setInterval(() => {}, 1_000);
