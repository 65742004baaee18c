import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readUdpSockets } from "@v6meter/sockets";
import { type HighestRate, highestRate } from "./highest-rate.ts";
import type { MixName } from "./mixes/mix.ts";
import type { Sender } from "./sender/sender.ts";
import { treeUsage } from "./tools/process-tree.ts";
import type { Running, Tool, Way } from "./tools/tool.ts";
import { dropTopics } from "./tools/topic.ts";

/** What is measured: a tool, where it brings records to, and what it is sent. */
export interface Case {
  readonly tool: Tool;
  readonly way: Way;
  readonly mix: MixName;
}

export interface Load {
  readonly sender: Sender;
  /** A UDP port that nobody has. */
  readonly port: number;
  readonly brokers: readonly string[];
  /** Flow records that are measured, after a third as many that warm up. */
  readonly records: number;
  readonly ratePerS: number;
}

/** One round of a case. */
export interface Measured {
  /** Flow records, those that warmed up among them. */
  readonly sent: number;
  readonly delivered: number;
  readonly kernelDrops: number;
  /** User and system time of the tool's processes by records delivered, without the warm-up. */
  readonly cpuSPerMillion: number;
  readonly peakRssBytes: number;
  /** Records a second that were really sent. */
  readonly sentPerS: number;
}

/** Datagrams a second of templates, and how long everybody has to take them in before data comes. */
const TEMPLATES_PER_S = 2_000;
const TEMPLATES_PAUSE_MS = 1_000;
const POLL_MS = 100;
/** A process that used less is idle: its timers tick. */
const IDLE_CPU_RATIO = 0.04;
const SETTLE_MAX_MS = 30_000;

function socketsOf(port: number) {
  return readUdpSockets()?.filter(({ local, connected }) => local.port === port && !connected) ?? [];
}

/** The CPU time of the tool when it had nothing left to do, and when that was. */
interface Settled {
  readonly cpuS: number;
  readonly at: number;
}

/** Waits until so many records are delivered, or where the tool tells that late only, until it has been idle. */
export async function settled(running: Running, quietMs: number, records: number): Promise<Settled> {
  const giveUpAt = performance.now() + SETTLE_MAX_MS;
  let since = performance.now();
  let { cpuS } = treeUsage(running.pid);
  for (;;) {
    if ((await running.delivered()) === records) return { cpuS: treeUsage(running.pid).cpuS, at: performance.now() };
    await sleep(POLL_MS);
    const now = performance.now();
    const used = treeUsage(running.pid).cpuS - cpuS;
    const unread = socketsOf(running.port).some(({ unreadBytes }) => unreadBytes > 0);
    if (unread || used > ((now - since) / 1_000) * IDLE_CPU_RATIO + 0.01) {
      since = now;
      cpuS += used;
    }
    if (now - since > quietMs || now > giveUpAt) return { cpuS: cpuS + used, at: since };
  }
}

/** The tool, started and told all templates; it is ended with `parts`. */
async function started({ tool, way, mix }: Case, load: Load, parts: AsyncDisposableStack): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), "v6meter-bench-"));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const { brokers, sender } = load;
  const topic = `bench-${randomUUID()}-`;
  if (way === "kafka") parts.defer(() => dropTopics(brokers, topic));
  const running = await tool.start({ way, mix, folder, port: load.port, brokers, topic });
  parts.defer(() => running.kill());
  await sender.send({ mix, port: running.port, what: "templates", ratePerS: TEMPLATES_PER_S });
  await sleep(TEMPLATES_PAUSE_MS);
  return running;
}

const dropsOf = (port: number) => socketsOf(port).reduce((sum, { drops }) => sum + drops, 0);

/** Starts the tool, sends it templates, records to warm up and records to measure, and ends it. */
export async function measure(it: Case, load: Load): Promise<Measured> {
  await using parts = new AsyncDisposableStack();
  const running = await started(it, load, parts);
  const { port, pid } = running;
  const { tool, way, mix } = it;
  const { sender, ratePerS } = load;
  const warmUp = await sender.send({ mix, port, what: { records: load.records / 3 }, ratePerS });
  const before = await settled(running, tool.quietMs(way), warmUp.records);
  const sent = await sender.send({ mix, port, what: { records: load.records }, ratePerS });
  const after = await settled(running, tool.quietMs(way), warmUp.records + sent.records);
  const { peakRssBytes } = treeUsage(pid);
  const kernelDrops = dropsOf(port);
  const all = warmUp.records + sent.records;
  const delivered = await running.stop();
  return {
    sent: all,
    delivered,
    kernelDrops,
    cpuSPerMillion: ((after.cpuS - before.cpuS) / (sent.records * (delivered / all))) * 1_000_000,
    peakRssBytes,
    sentPerS: (sent.records / sent.elapsedMs) * 1_000,
  };
}

/**
 * The highest rate at which neither the kernel nor the tool loses a record, by steps of so long. A tool that tells only
 * at its end what it delivered is held to that: where more is missing than the steps with a loss sent, no rate is told.
 */
export async function searchHighestRate(it: Case, load: Load, stepMs: number): Promise<HighestRate> {
  await using parts = new AsyncDisposableStack();
  const running = await started(it, load, parts);
  const { tool, way, mix } = it;
  const { port } = running;
  const { sender, ratePerS } = load;
  const warmUp = await sender.send({ mix, port, what: { records: load.records / 3 }, ratePerS });
  await settled(running, tool.quietMs(way), warmUp.records);
  let [sent, lostAtMost] = [warmUp.records, 0];
  const found = await highestRate(ratePerS, async (rate) => {
    const drops = dropsOf(port);
    const step = await sender.send({ mix, port, what: { records: (rate * stepMs) / 1_000 }, ratePerS: rate });
    sent += step.records;
    await settled(running, tool.quietMs(way), sent - lostAtMost);
    const delivered = await running.delivered();
    // After a loss it is not known how much of it came after all, so only the kernel's drops tell.
    const isMissing = lostAtMost === 0 && delivered !== null && delivered < sent;
    const lost = isMissing || dropsOf(port) > drops;
    if (lost) lostAtMost += step.records;
    return { sentPerS: (step.records / step.elapsedMs) * 1_000, lost };
  });
  return (await running.stop()) < sent - lostAtMost ? { recordsPerS: null, bySender: false } : found;
}
