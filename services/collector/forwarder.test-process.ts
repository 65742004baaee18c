/** Forwards the spool in argv[2] to the bus in argv[3] until it is killed; prints a line when it has started. */
import { writeSync } from "node:fs";
import { openEmbeddedBus } from "@v6meter/bus";
import { createLogger } from "@v6meter/runtime";
import { createForwarder } from "./forwarder.ts";

const [, , spoolPath, busPath] = process.argv as [string, string, string, string];
const options = { partitions: 4, maxBytes: 500_000_000 };
const forwarder = createForwarder({
  spool: await openEmbeddedBus({ path: spoolPath, ...options }),
  bus: await openEmbeddedBus({ path: busPath, ...options }),
  logger: createLogger("silent", "test"),
  onExit: (error) => {
    throw error;
  },
});
await forwarder.start();
writeSync(1, "started\n");
