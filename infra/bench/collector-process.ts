import { openEmbeddedBus } from "@v6meter/bus";
import { createCollector, decoderOptions } from "@v6meter/collector";
import { createDecoder } from "@v6meter/netflow";
import { createLogger } from "@v6meter/runtime";
import { config as settings } from "@v6meter/schemas";
import type { CollectorReport } from "./collector-cost.ts";

/**
 * A collector alone in its process: UDP, decoder, embedded bus. Started by collector-cost.ts, to which it
 * tells its address and, when asked, its counts and the CPU time it has used.
 */
const [path] = process.argv.slice(2) as [string];
const { collector: config } = settings.parse({ collector: { udp: ["127.0.0.1:0"] } });
const bus = await openEmbeddedBus({ path, partitions: 1, maxBytes: 17_179_869_184 });
const decoder = createDecoder(decoderOptions(config));
const logger = createLogger("error", "bench");
const collector = createCollector({ config, shards: bus.partitions, bus, decoder, logger });
await collector.start();

function tell(): void {
  const { user, system } = process.cpuUsage();
  const { datagrams, kernelDrops, records, queuedBytes, bytes } = collector.counts();
  const [address] = collector.addresses;
  const report: CollectorReport = {
    port: address?.port ?? 0,
    cpuS: (user + system) / 1_000_000,
    datagrams,
    kernelDrops,
    records,
    queuedBytes,
    publishedBytes: bytes,
  };
  process.send?.(report);
}

process.on("message", tell);
process.once("disconnect", async () => {
  await collector.stop();
  await bus.stop();
});
tell();
