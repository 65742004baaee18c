import { once } from "node:events";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { kafkaJars, missingTools } from "./distribution.ts";
import { startKafka } from "./kafka.ts";

const HELP = `npm run kafka: one node of Apache Kafka on this machine, until Ctrl-C

  --port PORT   of the clients' listener (9092)
  --data DIR    folder of its data, kept (./data/kafka)
  --help        this text
`;

const { values } = parseArgs({
  options: { port: { type: "string" }, data: { type: "string" }, help: { type: "boolean", short: "h" } },
});
const missing = missingTools();
if (values.help) {
  process.stdout.write(HELP);
} else if (missing.length > 0) {
  process.stderr.write(`kafka: needs ${missing.join(" and ")}, which this machine does not have.\n`);
  process.exitCode = 1;
} else {
  process.stdout.write("fetching Apache Kafka, where it is not here yet …\n");
  await kafkaJars();
  process.stdout.write("starting …\n");
  const port = Number(values.port ?? 9_092);
  const node = await startKafka({ port, dataDir: resolve(values.data ?? "data/kafka") });
  process.stdout.write(`KAFKA ${node.brokers.join(",")}\n`);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await node.stop();
}
