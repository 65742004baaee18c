import { type ChildProcess, fork } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "@v6meter/schemas";
import { receiverBacklogBytes } from "@v6meter/sockets";
import { renumber, type Workload } from "./workload.ts";

/** What a collector's process tells of itself; sums since its start. */
export interface CollectorReport {
  readonly port: number;
  readonly cpuS: number;
  /** The same by kind of thread; empty where the system does not tell. */
  readonly cpuByThreadS: Readonly<Record<string, number>>;
  readonly peakRssBytes: number;
  readonly datagrams: number;
  readonly kernelDrops: number;
  /** Flow records handed to the bus. */
  readonly records: number;
  readonly queuedBytes: number;
  readonly publishedBytes: number;
  /** Messages of the spool that Kafka has not acknowledged; 0 without Kafka. */
  readonly unforwarded: number;
}

/** One round: what it cost the collector's process to bring records from UDP to where they are safe. */
export interface CollectorRound {
  readonly sentRecords: number;
  /** Of these, what became rows. */
  readonly records: number;
  readonly cpuSPerMillion: number;
  readonly cpuByThreadSPerMillion: Readonly<Record<string, number>>;
  /** To the moment a report said that all is done: a second too slow at most. */
  readonly recordsPerS: number;
  readonly kernelDrops: number;
  readonly publishedBytesPerRecord: number;
  /** Of the process since its start. */
  readonly peakRssBytes: number;
}

/** A collector that is measured: a process of its own over a temporary folder. */
export interface MeasuredCollector {
  /** Sends about so many records; returns when the bus, or Kafka, has them. */
  round(records: number): Promise<CollectorRound>;
  stop(): Promise<void>;
}

export interface MeasuredOptions {
  /** To this broker of Kafka, by way of the spool; to the embedded bus where it is left out. */
  readonly broker?: string | undefined;
  /** Folder for CPU profiles of its threads. */
  readonly profiles?: string | undefined;
}

/** A quarter of the smallest default receive buffer in use. */
const BACKLOG_SMALL_BYTES = 53_248;
/** As bin/v6meter.js has it. */
const COMPILED = join(import.meta.dirname, "../../node_modules/.cache/v6meter");
const BURST_DATAGRAMS = 32;
/** Seldom, as what is measured has to answer. */
const SETTLE_MS = 250;
/** Longer than the flush interval and than counts of a thread are old: two reports alike mean that nothing is left. */
const QUIET_MS = 1_600;
const GIVE_UP_MS = 120_000;

/** Starts a collector and gives it the workload's templates. */
export async function measuredCollector(workload: Workload, options: MeasuredOptions = {}): Promise<MeasuredCollector> {
  const folder = await mkdtemp(join(tmpdir(), "v6meter-bench-"));
  const { broker, profiles } = options;
  const child = fork(join(import.meta.dirname, "collector-process.ts"), [folder, ...(broker ? [broker] : [])], {
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
    ...(profiles && { execArgv: ["--cpu-prof", `--cpu-prof-dir=${profiles}`] }),
  });
  const socket = createSocket("udp4");
  const stop = async () => {
    socket.close();
    const exited = once(child, "exit");
    if (child.connected) child.disconnect();
    if (child.exitCode === null) await exited;
    await rm(folder, { recursive: true, force: true });
  };
  let sequence = 1;
  try {
    const { port } = await nextReport(child);
    socket.connect(port, "127.0.0.1");
    await once(socket, "connect");
    for (const datagram of workload.templates) await sendOne(socket, datagram);
    return {
      stop,
      async round(records) {
        const passes = Math.ceil(records / workload.records);
        const { report: before } = await settled(child, 0);
        const startedAt = performance.now();
        for (let pass = 0; pass < passes; pass++) {
          sequence = renumber(workload, sequence);
          await sendAll(socket, port, workload.datagrams);
        }
        const sent = before.datagrams + before.kernelDrops + passes * workload.datagrams.length;
        const { report: after, doneAt } = await settled(child, sent);
        return roundOf(before, after, passes * workload.records, (doneAt - startedAt) / 1_000);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Rounds of a collector to the embedded bus; the first warms up and is not returned. */
export async function collectorRounds(
  workload: Workload,
  rounds: number,
  recordsPerRound: number,
  onRound: (done: number) => void,
): Promise<CollectorRound[]> {
  const collector = await measuredCollector(workload);
  try {
    const results: CollectorRound[] = [];
    await collector.round(recordsPerRound / 4);
    onRound(0);
    for (let round = 1; round <= rounds; round++) {
      results.push(await collector.round(recordsPerRound));
      onRound(round);
    }
    return results;
  } finally {
    await collector.stop();
  }
}

function roundOf(
  before: CollectorReport,
  after: CollectorReport,
  sentRecords: number,
  seconds: number,
): CollectorRound {
  const records = after.records - before.records;
  const perMillion = (spentS: number) => (spentS / records) * 1_000_000;
  const threads = Object.entries(after.cpuByThreadS).map(
    ([name, spentS]) => [name, perMillion(spentS - (before.cpuByThreadS[name] ?? 0))] as const,
  );
  return {
    sentRecords,
    records,
    cpuSPerMillion: perMillion(after.cpuS - before.cpuS),
    cpuByThreadSPerMillion: Object.fromEntries(threads),
    recordsPerS: records / seconds,
    kernelDrops: after.kernelDrops - before.kernelDrops,
    publishedBytesPerRecord: (after.publishedBytes - before.publishedBytes) / records,
    peakRssBytes: after.peakRssBytes,
  };
}

async function nextReport(child: ChildProcess): Promise<CollectorReport> {
  const ended = new AbortController();
  const fail = once(child, "exit", { signal: ended.signal }).then(() => {
    throw new Fault("INTERNAL", "The collector's process ended in the middle of the benchmark.");
  });
  try {
    const [report] = await Promise.race([once(child, "message", { signal: ended.signal }), fail]);
    return report as CollectorReport;
  } finally {
    fail.catch(() => {});
    ended.abort();
  }
}

/** The report once the collector has so many datagrams (or the kernel dropped some) and all is where it goes. */
async function settled(child: ChildProcess, datagrams: number): Promise<{ report: CollectorReport; doneAt: number }> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  let last: { report: CollectorReport; doneAt: number } | null = null;
  for (;;) {
    const reply = nextReport(child);
    child.send("report");
    const report = await reply;
    const doneAt = performance.now();
    const done =
      report.datagrams + report.kernelDrops >= datagrams && report.queuedBytes === 0 && report.unforwarded === 0;
    if (!done) last = null;
    else if (last?.report.records === report.records && last.report.datagrams === report.datagrams)
      return { report, doneAt: last.doneAt };
    else last = { report, doneAt };
    if (doneAt > giveUpAt)
      throw new Fault(
        "INTERNAL",
        `${report.datagrams} of ${datagrams} datagrams reached the collector in time, ${report.unforwarded} messages wait for Kafka.`,
      );
    await sleep(done ? QUIET_MS : SETTLE_MS);
  }
}

async function sendAll(socket: Socket, port: number, datagrams: readonly Uint8Array[]): Promise<void> {
  const backlogMax = backlogMaxBytes();
  for (let i = 0; i < datagrams.length; i += BURST_DATAGRAMS) {
    while ((receiverBacklogBytes(port) ?? 0) > backlogMax) await sleep(1);
    await Promise.all(datagrams.slice(i, i + BURST_DATAGRAMS).map((datagram) => sendOne(socket, datagram)));
  }
}

/** What may wait in the kernel: an eighth of the buffer it grants, which is twice what it says (socket(7)). */
function backlogMaxBytes(): number {
  try {
    return Number(readFileSync("/proc/sys/net/core/rmem_max", "latin1")) / 4;
  } catch {
    return BACKLOG_SMALL_BYTES;
  }
}

function sendOne(socket: Socket, datagram: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(datagram, (error) => (error ? reject(error) : resolve()));
  });
}
