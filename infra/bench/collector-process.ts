import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Bus, openEmbeddedBus, openKafkaBus } from "@v6meter/bus";
import { createCollectors, createForwarder, type Forwarder } from "@v6meter/collector";
import { createLogger, startWith } from "@v6meter/runtime";
import { config as settings } from "@v6meter/schemas";
import type { CollectorReport } from "./collector-cost.ts";

/** The kernel tells times of threads in these, on every architecture Node runs on (sysconf, _SC_CLK_TCK). */
const CLOCK_TICKS_PER_S = 100;

/**
 * A collector in a process of its own, as `v6meter collector` is one: a thread from UDP to the bus on the disk and,
 * where a broker is named, the forwarder to Kafka (into topics with a prefix where one is given). It tells who started it
 * its address and, when asked, its counts and the CPU time it has used.
 */
const [folder, broker, prefix] = process.argv.slice(2) as [string, string | undefined, string | undefined];
const config = settings.parse({
  log_level: "error",
  collector: { udp: ["127.0.0.1:0"] },
  bus: { max_bytes: 17_179_869_184, kafka: { brokers: broker ? [broker] : [], topic_prefix: prefix ?? "" } },
});
const logger = createLogger(config.log_level, "bench");
const onExit = (error: Error) => {
  throw error;
};
const parts = new AsyncDisposableStack();
const path = join(folder, "bus");
const { partitions, max_bytes: maxBytes } = config.bus;
const spool = parts.adopt(await openEmbeddedBus({ path, partitions, maxBytes }), (it) => it.stop());
const forwarder = broker ? await startForwarder(spool) : null;
const collectors = createCollectors({ config, busPath: path, logger, onExit });
await startWith(parts, collectors);

async function startForwarder(from: Bus): Promise<Forwarder> {
  const transactionalId = `${config.bus.kafka.topic_prefix}v6meter-${from.busId}`;
  const bus = parts.adopt(await openKafkaBus({ config: config.bus, transactionalId }), (it) => it.stop());
  const created = createForwarder({ spool: from, bus, logger, onExit });
  await startWith(parts, created);
  return created;
}

/** CPU seconds of each kind of thread, by the name the kernel has; empty where it does not tell. */
function cpuByThread(): Record<string, number> {
  const seconds: Record<string, number> = {};
  try {
    for (const thread of readdirSync("/proc/self/task")) {
      const stat = readFileSync(`/proc/self/task/${thread}/stat`, "latin1");
      const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
      const [, , , , , , , , , , , user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      seconds[name] = (seconds[name] ?? 0) + (Number(user) + Number(system)) / CLOCK_TICKS_PER_S;
    }
  } catch {
    return {};
  }
  return seconds;
}

async function tell(): Promise<void> {
  const { user, system } = process.cpuUsage();
  const counts = collectors.counts();
  const [address] = collectors.addresses;
  const lag = (await forwarder?.lag()) ?? [];
  const report: CollectorReport = {
    port: address?.port ?? 0,
    cpuS: (user + system) / 1_000_000,
    cpuByThreadS: cpuByThread(),
    peakRssBytes: process.resourceUsage().maxRSS * 1_024,
    datagrams: counts?.datagrams ?? 0,
    kernelDrops: counts?.kernelDrops ?? 0,
    records: counts?.records ?? 0,
    queuedBytes: counts?.queuedBytes ?? 0,
    publishedBytes: counts?.bytes ?? 0,
    unforwarded: lag.reduce((sum, { messages }) => sum + messages, 0),
  };
  process.send?.(report);
}

process.on("message", tell);
process.once("disconnect", () => parts.disposeAsync());
await tell();
