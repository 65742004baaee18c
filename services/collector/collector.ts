import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bus } from "@v6meter/bus";
import type { Decoder } from "@v6meter/netflow";
import type { Component, Logger } from "@v6meter/runtime";
import {
  addressBytes,
  addressText,
  type CollectorConfig,
  type HostPort,
  parseHostPort,
  TOPICS,
} from "@v6meter/schemas";
import { type SocketWatch, watchOwnSockets } from "@v6meter/sockets";
import type { Datagram } from "./processes/messages.ts";
import { SharedIntake, type SharedIntakeOptions } from "./processes/shared-intake.ts";
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
  /** The bus is a spool before Kafka: values are folded once, here. */
  readonly folds?: boolean;
  /** It is one of several on the same addresses and bus; this is where it tells the others. */
  readonly sharing?: Sharing;
}

/** Where one of several collectors tells the others. */
export interface Sharing extends Pick<SharedIntakeOptions, "tell" | "mayTellStrays" | "failed"> {
  /** Resolves when everything that was told is out of this process. */
  told(): Promise<void>;
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
  /** What the others tell is for it; null for a collector by itself. */
  readonly intake: SharedIntake | null;
  counts(): CollectorCounts;
  /** Reads what the kernel holds and closes the sockets; resolves when no datagram waits for another process. */
  close(): Promise<void>;
  /**
   * Stops without the others, who are gone. The addresses are free last: who takes them next finds on the bus
   * all that was decoded here.
   */
  leave(): Promise<void>;
}

interface Source {
  readonly exporter: Uint8Array;
  readonly text: string;
  readonly shard: Shard;
}

/**
 * UDP to bus. Datagrams are decoded as they arrive; rows are published when a batch is full or the
 * flush interval is over. Stopping reads what the kernel still holds, publishes it and then returns.
 */
export function createCollector(options: CollectorOptions): Collector {
  const { config, shards: shardCount, bus, decoder, logger, sharing } = options;
  const pool = new BatchPool(config.batch_rows);
  const shards = Array.from({ length: shardCount }, (_, index) => new Shard(`shard-${index}`, pool));
  const publisher = new Publisher({
    bus,
    decoder,
    shards,
    pool,
    logger,
    queueMaxBytes: QUEUE_MAX_BYTES,
    folds: options.folds ?? false,
    // That a stray was taken is out before what became of it: no other process decodes it as well.
    before: sharing?.told,
  });
  const sources = new Map<string, Source>();
  const listeners: Listener[] = [];
  let addresses: HostPort[] = [];
  let watch: SocketWatch = { read: () => null };
  let timer: NodeJS.Timeout | undefined;
  let lastDatagramAt = 0;
  let datagrams = 0;
  let datagramBytes = 0;
  let kernelDrops = 0;

  const intake = sharing
    ? new SharedIntake({
        ...sharing,
        decode: ({ exporter, payload, port, receivedAtMs }: Datagram) => {
          const source = sourceOf(exporter);
          if (source) decode(payload, source, port, receivedAtMs);
        },
        book: (...deltas) => publisher.book(...deltas),
        load,
        release: (exporter) => decoder.release(addressBytes(exporter) as Uint8Array),
      })
    : null;

  function sourceOf(address: string): Source | null {
    const known = sources.get(address);
    if (known) return known;
    const exporter = addressBytes(address);
    if (!exporter) return null;
    if (sources.size >= ADDRESS_CACHE) sources.clear();
    const shard = shards[shardOf(exporter, shardCount)] as Shard;
    const source = { exporter, text: addressText(exporter), shard };
    sources.set(address, source);
    return source;
  }

  function onDatagram(payload: Uint8Array, address: string, port: number): void {
    const source = sourceOf(address);
    if (!source) return;
    datagrams++;
    datagramBytes += payload.byteLength;
    lastDatagramAt = performance.now();
    const receivedAtMs = Date.now();
    // The intake may hold it back, and its memory is used again.
    if (intake) intake.receive({ exporter: source.text, port, receivedAtMs, payload: new Uint8Array(payload) });
    else decode(payload, source, port, receivedAtMs);
  }

  function decode(payload: Uint8Array, { exporter, shard }: Source, port: number, receivedAtMs: number): void {
    decoder.decode(payload, exporter, port, receivedAtMs, shard);
    if (shard.hasFull) void publisher.flush();
  }

  /** The state of one exporter and its parked data, which another process may have published a moment ago. */
  async function load(exporter: string): Promise<void> {
    const found = await bus.latest(TOPICS.exporters.name, exporter);
    decoder.restore(new Map([...found].filter(([key]) => key === exporter || key.startsWith(`${exporter} `))));
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

  function tick(): void {
    const nowMs = Date.now();
    intake?.forgotten(decoder.expire(nowMs));
    const published = publisher.flush();
    void intake?.move(nowMs, published);
    bookKernelDrops();
  }

  async function close(): Promise<void> {
    intake?.close();
    if (listeners.length > 0) await readWhatHasArrived();
    await Promise.all(listeners.splice(0).map((listener) => listener.close()));
    await intake?.settled();
  }

  return {
    name: "collector",
    get addresses() {
      return addresses;
    },
    intake,
    counts: () => ({
      ...publisher.counts,
      datagrams,
      datagramBytes,
      kernelDrops,
      flowRecords: decoder.totals.flowRecords,
      optionsRecords: decoder.totals.optionsRecords,
    }),
    async start() {
      // One of several knows an exporter only while it has it.
      if (!intake) decoder.restore(await bus.latest(TOPICS.exporters.name));
      try {
        for (const text of config.udp) {
          const at = parseHostPort(text) as HostPort;
          const socket = { receiveBufferBytes: config.receive_buffer_bytes, shared: intake !== null };
          listeners.push(await listen(at, socket, onDatagram));
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
      timer = setInterval(tick, config.flush_interval_ms);
    },
    close,
    async leave() {
      intake?.leaveAlone();
      intake?.close();
      await readWhatHasArrived();
      for (const listener of listeners) listener.ignore();
      await intake?.settled();
      clearInterval(timer);
      await publisher.drain();
      await Promise.all(listeners.splice(0).map((listener) => listener.close()));
    },
    async stop() {
      await close();
      clearInterval(timer);
      await publisher.drain();
    },
  };
}
