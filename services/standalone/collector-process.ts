import { join } from "node:path";
import { type Bus, openEmbeddedBus, openKafkaBus } from "@v6meter/bus";
import { createCollectors, createForwarder, type Forwarder } from "@v6meter/collector";
import { createMonitor } from "@v6meter/monitor";
import { ensureWritableFolder, type Logger, startWith } from "@v6meter/runtime";
import { type Config, formatHostPort } from "@v6meter/schemas";
import { busFigures, collectorFigures, forwarderFigures } from "./figures.ts";
import { openKey } from "./keys.ts";
import { needKafka } from "./needs.ts";
import type { Program, Running } from "./run.ts";
import { supervise, untilReached } from "./supervision.ts";

interface Forwarding {
  /** Null while Kafka has not answered yet. */
  forwarder(): Forwarder | null;
  stop(): Promise<void>;
}

/** Forwards the spool to Kafka as soon as it answers; the intake does not wait for that. */
function forwardWhenReached(
  spool: Bus,
  { config, logger, onExit }: { config: Config; logger: Logger; onExit: (error: Error) => void },
): Forwarding {
  const stopping = new AbortController();
  const parts = new AsyncDisposableStack();
  let forwarder: Forwarder | null = null;
  const open = () =>
    openKafkaBus({
      config: config.bus,
      logger,
      transactionalId: `${config.bus.kafka.topic_prefix}v6meter-${spool.busId}`,
    });
  const starting = (async () => {
    const bus = await untilReached("Kafka", open, { logger, signal: stopping.signal });
    parts.adopt(bus, (it) => it.stop());
    const created = createForwarder({ spool, bus, logger, onExit });
    await startWith(parts, created);
    forwarder = created;
  })();
  starting.catch((error: Error) => {
    if (!stopping.signal.aborted) onExit(error);
  });
  return {
    forwarder: () => forwarder,
    async stop() {
      stopping.abort();
      await starting.catch(() => {});
      await parts.disposeAsync();
    },
  };
}

/** UDP to the spool on this disk, and from there to Kafka: what Kafka cannot take for now waits on the disk. */
async function startCollectorProcess(config: Config, logger: Logger): Promise<Running> {
  needKafka(config);
  await ensureWritableFolder(config.data_dir, "data_dir");
  const { key } = await openKey(config, "admin");
  const { failed, ended } = supervise();

  await using parts = new AsyncDisposableStack();
  const { partitions, max_bytes: maxBytes } = config.bus;
  const busPath = join(config.data_dir, "spool");
  const spool = parts.adopt(await openEmbeddedBus({ path: busPath, partitions, maxBytes }), (it) => it.stop());
  const forwarding = parts.adopt(forwardWhenReached(spool, { config, logger, onExit: ended("forwarder") }), (it) =>
    it.stop(),
  );
  const collectors = createCollectors({ config, busPath, logger, onExit: ended("collector") });
  const monitor = createMonitor({
    at: config.collector.monitor,
    setting: "collector.monitor",
    key,
    figures: async () => [
      ...(await busFigures(spool)),
      ...collectorFigures(collectors),
      ...(await forwarderFigures(forwarding.forwarder())),
    ],
    trouble: () => {
      const full = collectors.counts()?.trouble;
      if (full) return full;
      const forwarder = forwarding.forwarder();
      return forwarder ? forwarder.trouble() : "Kafka has not answered yet";
    },
    logger,
  });
  await startWith(parts, monitor);
  await startWith(parts, collectors);

  const running = parts.move();
  return {
    failed,
    announce: () => [
      `UDP   ${collectors.addresses.map(formatHostPort).join("  ")}  (NetFlow v1, v5, v7, v9, IPFIX on each)`,
      `MON   http://${formatHostPort(monitor.address)}/metrics`,
    ],
    stop: () => running.disposeAsync(),
  };
}

/** `v6meter collector`. */
export const COLLECTOR: Program<Running> = {
  name: "collector",
  says: "UDP to Kafka, by way of a spool on this disk",
  options: ["data", "keys", "udp", "kafka", "collector-monitor"],
  start: startCollectorProcess,
};
