import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bus } from "@v6meter/bus";
import type { Decoder } from "@v6meter/netflow";
import type { Component, Logger } from "@v6meter/runtime";
import { addressBytes, type CollectorConfig, type HostPort, parseHostPort, TOPICS } from "@v6meter/schemas";
import { type SocketWatch, watchOwnSockets } from "@v6meter/sockets";
import { Publisher, type PublisherCounts } from "./publisher.ts";
import { BatchPool, Shard, shardOf } from "./shard.ts";
import { type Listener, listen } from "./udp.ts";

/** Encoded batches that wait for the bus may take this much memory; then records are dropped and booked. */
const QUEUE_MAX_BYTES = 268_435_456;
/** Exporter addresses remembered as bytes; beyond it the cache starts anew. */
const ADDRESS_CACHE = 65_536;
/** At a stop the sockets are read for at most so long, so that what has arrived is not lost. */
const DRAIN_MAX_MS = 2_000;

export interface CollectorOptions {
  readonly config: CollectorConfig;
  /** Shards the exporters are spread over: the partitions of the topic of flows. */
  readonly shards: number;
  readonly bus: Bus;
  readonly decoder: Decoder;
  readonly logger: Logger;
}

/** What a collector did since its start, for metrics. */
export interface CollectorCounts extends PublisherCounts {
  datagrams: number;
  datagramBytes: number;
  kernelDrops: number;
  flowRecords: number;
  optionsRecords: number;
}

export interface Collector extends Component {
  /** Where it listens; known once it is started. */
  readonly addresses: readonly HostPort[];
  counts(): CollectorCounts;
}

/**
 * UDP to bus. Datagrams are decoded as they arrive; rows are published when a batch is full or the
 * flush interval is over. Stopping reads what the kernel still holds, publishes it and then returns.
 */
export function createCollector({ config, shards: shardCount, bus, decoder, logger }: CollectorOptions): Collector {
  const pool = new BatchPool(config.batch_rows);
  const shards = Array.from({ length: shardCount }, (_, index) => new Shard(`shard-${index}`, pool));
  const publisher = new Publisher({ bus, decoder, shards, pool, logger, queueMaxBytes: QUEUE_MAX_BYTES });
  const sources = new Map<string, { exporter: Uint8Array; shard: Shard }>();
  const listeners: Listener[] = [];
  let addresses: HostPort[] = [];
  let watch: SocketWatch = { read: () => null };
  let timer: NodeJS.Timeout | undefined;
  let lastDatagramAt = 0;
  let datagrams = 0;
  let datagramBytes = 0;
  let kernelDrops = 0;

  function sourceOf(address: string) {
    const known = sources.get(address);
    if (known) return known;
    const exporter = addressBytes(address);
    if (!exporter) return null;
    if (sources.size >= ADDRESS_CACHE) sources.clear();
    const source = { exporter, shard: shards[shardOf(exporter, shardCount)] as Shard };
    sources.set(address, source);
    return source;
  }

  function onDatagram(payload: Uint8Array, remote: { address: string; port: number }): void {
    const source = sourceOf(remote.address);
    if (!source) return;
    datagrams++;
    datagramBytes += payload.byteLength;
    lastDatagramAt = performance.now();
    decoder.decode(payload, source.exporter, remote.port, Date.now(), source.shard);
    if (source.shard.hasFull) publisher.flush();
  }

  function bookKernelDrops(): void {
    const drops = watch.read()?.reduce((sum, socket) => sum + socket.drops, 0) ?? 0;
    const count = drops - kernelDrops;
    if (count <= 0) return;
    kernelDrops = drops;
    logger.warn({ datagrams: count }, "the kernel dropped datagrams: the receive buffer was full");
    publisher.book(
      { exporter: "::", stage: "receive", outcome: "received", reason: "", count },
      { exporter: "::", stage: "receive", outcome: "dropped", reason: "kernel_buffer", count },
    );
  }

  async function readWhatHasArrived(): Promise<void> {
    const end = performance.now() + DRAIN_MAX_MS;
    while (performance.now() < end) {
      const unread =
        watch.read()?.some(({ unreadBytes }) => unreadBytes > 0) ?? performance.now() - lastDatagramAt < 100;
      if (!unread) break;
      await sleep(5);
    }
    bookKernelDrops();
  }

  return {
    name: "collector",
    get addresses() {
      return addresses;
    },
    counts: () => ({
      ...publisher.counts,
      datagrams,
      datagramBytes,
      kernelDrops,
      flowRecords: decoder.totals.flowRecords,
      optionsRecords: decoder.totals.optionsRecords,
    }),
    async start() {
      decoder.restore(await bus.latest(TOPICS.exporters.name));
      try {
        for (const text of config.udp) {
          const at = parseHostPort(text) as HostPort;
          listeners.push(await listen(at, config.receive_buffer_bytes, onDatagram));
        }
      } catch (error) {
        await Promise.all(listeners.splice(0).map((listener) => listener.close()));
        throw error;
      }
      addresses = listeners.map(({ address }) => address);
      watch = watchOwnSockets(addresses);
      const granted = Math.min(...listeners.map(({ receiveBufferBytes }) => receiveBufferBytes));
      if (granted < config.receive_buffer_bytes) {
        logger.info({ granted_bytes: granted }, "the kernel grants a smaller receive buffer (net.core.rmem_max)");
      }
      timer = setInterval(() => {
        decoder.expire(Date.now());
        publisher.flush();
        bookKernelDrops();
      }, config.flush_interval_ms);
    },
    async stop() {
      await readWhatHasArrived();
      await Promise.all(listeners.splice(0).map((listener) => listener.close()));
      clearInterval(timer);
      await publisher.drain();
    },
  };
}
