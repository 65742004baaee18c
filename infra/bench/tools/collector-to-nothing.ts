import type { Bus } from "@v6meter/bus";
import { createCollector, decoderOptions } from "@v6meter/collector";
import { createDecoder } from "@v6meter/netflow";
import { createLogger } from "@v6meter/runtime";
import { Fault, config as settings } from "@v6meter/schemas";
import type { CollectorReport } from "../collector-cost.ts";

/**
 * A collector whose bus takes everything and keeps nothing: UDP, decoder and encoder alone. Started by v6meter.ts, to
 * which it tells its address and, when asked, its counts.
 */
const { collector: config } = settings.parse({ collector: { udp: ["127.0.0.1:0"] } });

function refused(): never {
  throw new Fault("INTERNAL", "Nothing is kept here that could be read.");
}

const bus: Bus = {
  partitions: 1,
  busId: "nothing",
  maxMessageBytes: 16_777_216,
  publish: async () => {},
  latest: async () => new Map(),
  consumer: async () => refused(),
  follow: async () => null,
  usage: async () => null,
  stop: async () => {},
};
const decoder = createDecoder(decoderOptions(config));
const collector = createCollector({
  config,
  shards: bus.partitions,
  bus,
  decoder,
  logger: createLogger("error", "bench"),
});
await collector.start();

function tell(): void {
  const { user, system } = process.cpuUsage();
  const { datagrams, kernelDrops, records, queuedBytes, bytes } = collector.counts();
  const report: CollectorReport = {
    port: collector.addresses[0]?.port ?? 0,
    cpuS: (user + system) / 1_000_000,
    cpuByThreadS: {},
    peakRssBytes: process.resourceUsage().maxRSS * 1_024,
    datagrams,
    kernelDrops,
    records,
    queuedBytes,
    publishedBytes: bytes,
    unforwarded: 0,
  };
  process.send?.(report);
}

process.on("message", tell);
process.once("disconnect", () => collector.stop());
tell();
