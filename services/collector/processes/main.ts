import { type Bus, openEmbeddedBus } from "@v6meter/bus";
import { createLogger } from "@v6meter/runtime";
import { TOPICS } from "@v6meter/schemas";
import { type Collector, createCollector } from "../collector.ts";
import { createConfiguredDecoder } from "../decoder.ts";
import { foldsInSpool } from "../fold.ts";
import { faultToWire } from "../thread-messages.ts";
import { datagramBytes, type Tells, type Told } from "./messages.ts";

/*
 * One of several collectors on the same addresses and bus, each a process of its own. It is started by
 * parent.ts, which it is told by and tells; where that ends, it ends.
 */

const COUNTS_INTERVAL_MS = 1_000;
/** Strays on their way to the parent may take this much memory. */
const STRAYS_MAX_BYTES = 33_554_432;
/** Without its parent it ends within this time: a parent that is started again waits for the addresses. */
const LEAVE_MAX_MS = 4_000;

let straysBytes = 0;
/** The last message to the parent is out of this process. */
let written: Promise<void> = Promise.resolve();
const parentGone = Promise.withResolvers<void>();
let collector: Collector | undefined;
let bus: Bus | undefined;
let counting: NodeJS.Timeout | undefined;
let ending = false;

// A terminal signals the whole group; the parent decides when this one ends, by what it tells.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.on("message", (message: Told) => hear(message).catch(fail));
process.once("disconnect", () => {
  parentGone.resolve();
  if (!ending) parentIsGone().catch(fail);
});

function tell(message: Tells): void {
  if (!process.connected) return;
  const bytes = message.kind === "strays" ? message.datagrams.reduce((sum, it) => sum + datagramBytes(it), 0) : 0;
  straysBytes += bytes;
  const { promise, resolve } = Promise.withResolvers<void>();
  written = Promise.race([promise, parentGone.promise]);
  process.send?.(message, undefined, {}, () => {
    straysBytes -= bytes;
    resolve();
  });
}

async function fail(error: unknown): Promise<void> {
  ending = true;
  tell({ kind: "failed", fault: faultToWire(error) });
  await written;
  process.exit(1);
}

async function hear(message: Told): Promise<void> {
  if (message.kind === "start") await start(message);
  else if (message.kind === "close") {
    await collector?.close();
    tell({ kind: "closed" });
  } else if (message.kind === "finish") await finish();
  else collector?.intake?.hear(message);
}

async function start({ config, busPath, name, udp, first }: Extract<Told, { kind: "start" }>): Promise<void> {
  const { partitions, max_bytes: maxBytes } = config.bus;
  const spool = await openEmbeddedBus({ path: busPath, partitions, maxBytes });
  bus = spool;
  collector = createCollector({
    config: { ...config.collector, udp: [...udp] },
    shards: spool.partitions,
    bus: spool,
    decoder: await createConfiguredDecoder(config.collector),
    logger: createLogger(config.log_level, name),
    folds: foldsInSpool(config.bus.kafka),
    sharing: {
      tell,
      told: () => written,
      mayTellStrays: (bytes) => process.connected && straysBytes + bytes <= STRAYS_MAX_BYTES,
      failed: (error) => void fail(error),
    },
  });
  if (first) {
    const keys = [...(await spool.latest(TOPICS.exporters.name)).keys()];
    // Of an exporter's entries one is named by it alone.
    tell({ kind: "known", exporters: keys.filter((key) => !key.includes(" ")) });
  }
  await collector.start();
  counting = setInterval(tellCounts, COUNTS_INTERVAL_MS);
  tell({ kind: "started", addresses: [...collector.addresses] });
}

function tellCounts(): void {
  if (collector) tell({ kind: "counts", counts: collector.counts() });
}

async function finish(): Promise<void> {
  ending = true;
  clearInterval(counting);
  await collector?.stop();
  await bus?.stop();
  if (collector) tell({ kind: "stopped", counts: collector.counts() });
  await written;
  process.exit(0);
}

/** What can be decoded and published without the others still is, unless the bus is full and stays so. */
async function parentIsGone(): Promise<void> {
  ending = true;
  setTimeout(() => process.exit(1), LEAVE_MAX_MS).unref();
  await collector?.leave();
  await bus?.stop();
  process.exit(0);
}
