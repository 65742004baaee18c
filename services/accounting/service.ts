import { statSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bus } from "@v6meter/bus";
import type { Component, Logger } from "@v6meter/runtime";
import { type HostPort, parseHostPort, type SessionsConfig } from "@v6meter/schemas";
import { type SocketWatch, watchOwnSockets } from "@v6meter/sockets";
import { BatchFiles, type BatchFilesCounts } from "./batch-files.ts";
import { loadClients } from "./clients.ts";
import { loadDictionary } from "./dictionary.ts";
import { EventWriter } from "./event-writer.ts";
import type { IdentityKeys } from "./identity-keys.ts";
import { Outbox, type OutboxCounts } from "./outbox.ts";
import { RadiusServer, type RadiusServerCounts } from "./radius-server.ts";
import { type Listener, listen } from "./udp.ts";

/** At a stop the sockets are read for at most so long, so that what has arrived is answered. */
const DRAIN_MAX_MS = 2_000;
/** At a stop the bus is waited for so long: what is not published is not answered, and so is sent again. */
const STOP_MAX_MS = 10_000;
const RELOAD_EVERY_MS = 5_000;

export interface AccountingOptions {
  readonly config: SessionsConfig;
  readonly bus: Bus;
  readonly keys: IdentityKeys;
  readonly logger: Logger;
  /** How often the file of clients is looked at for a change. */
  readonly reloadEveryMs?: number;
  /** Called when it ends without having been asked to: nothing more is taken in. */
  readonly onExit: (error: Error) => void;
}

/** What the accounting service did since its start, for metrics. */
export interface AccountingCounts {
  readonly radius: RadiusServerCounts;
  readonly files: BatchFilesCounts;
  /** Of RADIUS and of batch files together. */
  readonly publishing: OutboxCounts;
  readonly kernelDrops: number;
  readonly clocksOff: number;
}

export interface AccountingService extends Component {
  /** Where it listens; known once it is started, none without a clients_file. */
  readonly addresses: readonly HostPort[];
  counts(): AccountingCounts;
  /** Why the bus does not take what is published; null while it does. */
  trouble(): string | null;
}

const NO_FILES: BatchFilesCounts = { files: 0, filesRefused: 0, lines: 0, dropped: {} };
const NO_RADIUS: RadiusServerCounts = {
  packets: 0,
  accepted: 0,
  answered: 0,
  answeredAgain: 0,
  statusRequests: 0,
  queued: 0,
  dropped: {},
};

function sumOf(outboxes: readonly Outbox[]): OutboxCounts {
  const sum: OutboxCounts = { ...(outboxes[0] as Outbox).counts };
  for (const { counts } of outboxes.slice(1)) {
    for (const [name, value] of Object.entries(counts))
      if (typeof value === "number")
        (sum as unknown as Record<string, number>)[name] = (sum[name as "events"] ?? 0) + value;
    sum.trouble ??= counts.trouble;
  }
  return sum;
}

/**
 * RADIUS accounting and batch files to bus. Requests are answered once their events are durable; stopping
 * reads what the kernel still holds, publishes and answers it, and then returns.
 */
export function createAccountingService(options: AccountingOptions): AccountingService {
  const { config, bus, keys, logger, onExit, reloadEveryMs = RELOAD_EVERY_MS } = options;
  // A position of a file rides with the rows of that file alone, so files have an outbox of their own.
  const outboxes = [new Outbox({ bus, logger }), new Outbox({ bus, logger })] as const;
  const listeners: Listener[] = [];
  const timers: NodeJS.Timeout[] = [];
  const writers: EventWriter[] = [];
  let server: RadiusServer | undefined;
  let files: BatchFiles | undefined;
  let watch: SocketWatch = { read: () => null };
  let lastDatagramAt = 0;
  let kernelDrops = 0;
  let failed: unknown = null;

  function fail(error: unknown): void {
    if (failed !== null) return;
    failed = error;
    logger.error({ err: error }, "the bus refused sessions for good; nothing more is taken in");
    onExit(error instanceof Error ? error : new Error(String(error)));
  }

  function bookKernelDrops(): void {
    const drops = watch.read()?.reduce((sum, socket) => sum + socket.drops, 0) ?? 0;
    const datagrams = drops - kernelDrops;
    if (datagrams <= 0) return;
    kernelDrops = drops;
    logger.warn({ datagrams }, "the kernel dropped accounting requests: the receive buffer was full");
    server?.bookKernelDrops(datagrams);
  }

  async function readWhatHasArrived(): Promise<void> {
    const end = performance.now() + DRAIN_MAX_MS;
    while (performance.now() < end) {
      const isUnread =
        watch.read()?.some(({ unreadBytes }) => unreadBytes > 0) ?? performance.now() - lastDatagramAt < 100;
      if (!isUnread) break;
      await sleep(5);
    }
    bookKernelDrops();
  }

  async function listenForRadius(path: string): Promise<void> {
    const dictionary = loadDictionary(config.dictionary_file);
    const [outbox] = outboxes;
    const writer = new EventWriter({ outbox, keys, dictionary });
    writers.push(writer);
    const clients = loadClients(path, config.identity_attributes);
    const radius = new RadiusServer({
      clients,
      outbox,
      writer,
      duplicateWindowMs: config.duplicate_window_ms,
      logger,
    });
    server = radius;
    try {
      for (const text of config.udp)
        listeners.push(
          await listen(parseHostPort(text) as HostPort, config.receive_buffer_bytes, (payload, remote, listener) => {
            // Nobody would learn of it: it is sent again to who comes after.
            if (failed !== null) return;
            lastDatagramAt = performance.now();
            radius.take(payload, remote, listener, Date.now());
          }),
        );
    } catch (error) {
      await Promise.all(listeners.splice(0).map((listener) => listener.close()));
      throw error;
    }
    watch = watchOwnSockets(listeners.map(({ address }) => address));
    timers.push(
      setInterval(() => {
        bookKernelDrops();
        radius.flushInTurn().catch(fail);
        radius.complain(Date.now());
      }, config.flush_interval_ms),
      watchClients(path, radius),
    );
  }

  /** Reads the clients again when their file changes; where it has mistakes the ones in force stay. */
  function watchClients(path: string, radius: RadiusServer): NodeJS.Timeout {
    const stamp = () => {
      const { mtimeMs, size, ino } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: 0, size: 0, ino: 0 };
      return `${mtimeMs} ${size} ${ino}`;
    };
    let seen = stamp();
    const look = () => {
      const now = stamp();
      if (now === seen) return;
      seen = now;
      try {
        radius.replaceClients(loadClients(path, config.identity_attributes));
        logger.info("sessions.clients_file was read again");
      } catch (error) {
        logger.error(`the clients in force stay: ${(error as Error).message}`);
      }
    };
    return setInterval(look, reloadEveryMs);
  }

  return {
    name: "accounting",
    get addresses() {
      return listeners.map(({ address }) => address);
    },
    counts: () => ({
      radius: server?.counts ?? NO_RADIUS,
      files: files?.counts ?? NO_FILES,
      publishing: sumOf(outboxes),
      kernelDrops,
      clocksOff: writers.reduce((sum, { counts }) => sum + counts.clocksOff, 0),
    }),
    trouble: () => outboxes.map(({ counts }) => counts.trouble).find((trouble) => trouble !== null) ?? null,
    async start() {
      if (config.clients_file !== null) await listenForRadius(config.clients_file);
      if (config.import_dir === null) return;
      const outbox = outboxes[1];
      const writer = new EventWriter({ outbox, keys, dictionary: loadDictionary(null) });
      files = new BatchFiles({ dir: config.import_dir, bus, outbox, writer, logger });
      files.start(fail);
    },
    async stop() {
      const giveUp = setTimeout(() => {
        for (const outbox of outboxes) outbox.giveUp();
      }, STOP_MAX_MS);
      try {
        await readWhatHasArrived();
        for (const timer of timers.splice(0)) clearInterval(timer);
        await files?.stop();
        await server?.flush().catch((error: unknown) => {
          if (failed === null) logger.warn({ err: error }, "requests that are not published were not answered");
        });
        await Promise.all(listeners.splice(0).map((listener) => listener.close()));
        for (const outbox of outboxes) await outbox.close().catch(() => {});
      } finally {
        clearTimeout(giveUp);
      }
    },
  };
}
