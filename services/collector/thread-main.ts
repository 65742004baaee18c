import { parentPort, workerData } from "node:worker_threads";
import { openEmbeddedBus } from "@v6meter/bus";
import { createLogger } from "@v6meter/runtime";
import { createCollector } from "./collector.ts";
import { createConfiguredDecoder } from "./decoder.ts";
import { foldsInSpool } from "./fold.ts";
import { faultToWire, type ThreadData, type ThreadMessage } from "./thread-messages.ts";

const COUNTS_INTERVAL_MS = 1_000;

const { config, busPath } = workerData as ThreadData;
const tell = (message: ThreadMessage) => parentPort?.postMessage(message);
const logger = createLogger(config.log_level, "collector");

try {
  const bus = await openEmbeddedBus({
    path: busPath,
    partitions: config.bus.partitions,
    maxBytes: config.bus.max_bytes,
  });
  const decoder = await createConfiguredDecoder(config.collector);
  const collector = createCollector({
    config: config.collector,
    shards: bus.partitions,
    bus,
    decoder,
    logger,
    // Without brokers nobody hands the values on, and who reads them here would unfold them.
    folds: foldsInSpool(config.bus.kafka),
  });
  await collector.start();
  const timer = setInterval(() => tell({ kind: "counts", counts: collector.counts() }), COUNTS_INTERVAL_MS);
  parentPort?.once("message", async () => {
    clearInterval(timer);
    try {
      await collector.stop();
      await bus.stop();
      tell({ kind: "stopped", counts: collector.counts() });
    } catch (error) {
      tell({ kind: "failed", fault: faultToWire(error) });
    }
    parentPort?.close();
  });
  tell({ kind: "started", addresses: [...collector.addresses] });
} catch (error) {
  tell({ kind: "failed", fault: faultToWire(error) });
  parentPort?.close();
}
