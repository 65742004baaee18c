/** Several collectors over the bus in argv[2] on the address in argv[3], until it is killed; prints its port. */
import { writeSync } from "node:fs";
import { createLogger } from "@v6meter/runtime";
import { config as settings } from "@v6meter/schemas";
import { createCollectors } from "../collectors.ts";

const [, , busPath, udp] = process.argv as [string, string, string, string];
const collectors = createCollectors({
  config: settings.parse({
    log_level: "silent",
    collector: { udp: [udp], processes: 3, flush_interval_ms: 100 },
    bus: { partitions: 2 },
  }),
  busPath,
  logger: createLogger("silent", "test"),
  onExit: (error) => {
    throw error;
  },
});
await collectors.start();
writeSync(1, `${collectors.addresses[0]?.port}\n`);
