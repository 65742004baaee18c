/** A service in a process of its own, to be killed: `node accounting.test-process.ts BUS CLIENTS` prints its port. */

import { openEmbeddedBus } from "@v6meter/bus";
import { createLogger } from "@v6meter/runtime";
import { config as settings } from "@v6meter/schemas";
import { openIdentityKeys } from "./identity-keys.ts";
import { createAccountingService } from "./service.ts";

const [path, clients, key] = process.argv.slice(2) as [string, string, string];
const { sessions } = settings.parse({
  sessions: { udp: ["127.0.0.1:0"], clients_file: clients, flush_interval_ms: 10 },
});
const service = createAccountingService({
  config: sessions,
  bus: await openEmbeddedBus({ path, partitions: 2, maxBytes: 268_435_456 }),
  keys: openIdentityKeys(null, key),
  logger: createLogger("silent", "test"),
  onExit: () => process.exit(1),
});
await service.start();
process.stdout.write(`${service.addresses[0]?.port}\n`);
