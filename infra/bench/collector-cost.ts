import { type ChildProcess, fork } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "@v6meter/schemas";
import { receiverHasRoom } from "@v6meter/sockets";
import { renumber, type Workload } from "./workload.ts";

/** What a collector's process tells of itself; sums since its start. */
export interface CollectorReport {
  readonly port: number;
  readonly cpuS: number;
  readonly datagrams: number;
  readonly kernelDrops: number;
  /** Flow records handed to the bus. */
  readonly records: number;
  readonly queuedBytes: number;
  readonly publishedBytes: number;
}

/** One round: what it cost the collector's process to bring records from UDP to the bus, durably. */
export interface CollectorRound {
  readonly records: number;
  readonly cpuSPerMillion: number;
  readonly recordsPerS: number;
  readonly kernelDrops: number;
  readonly publishedBytesPerRecord: number;
}

const BURST_DATAGRAMS = 32;
const SETTLE_MS = 50;
const GIVE_UP_MS = 60_000;

/**
 * Runs a collector in a process of its own over a temporary folder, sends it the workload from this one
 * and measures its CPU time; the first round warms up and is not returned.
 */
export async function collectorRounds(
  workload: Workload,
  rounds: number,
  recordsPerRound: number,
  onRound: (done: number) => void,
): Promise<CollectorRound[]> {
  const folder = await mkdtemp(join(tmpdir(), "v6meter-bench-"));
  const child = fork(join(import.meta.dirname, "collector-process.ts"), [join(folder, "bus")]);
  const socket = createSocket("udp4");
  try {
    const { port } = await nextReport(child);
    socket.connect(port, "127.0.0.1");
    await once(socket, "connect");
    for (const datagram of workload.templates) await sendOne(socket, datagram);
    const results: CollectorRound[] = [];
    let sequence = 1;
    for (let round = 0; round <= rounds; round++) {
      const passes = Math.ceil((round === 0 ? recordsPerRound / 4 : recordsPerRound) / workload.records);
      const before = await settled(child, 0);
      const startedAt = performance.now();
      for (let pass = 0; pass < passes; pass++) {
        sequence = renumber(workload, sequence);
        await sendAll(socket, port, workload.datagrams);
      }
      const after = await settled(child, before.datagrams + passes * workload.datagrams.length);
      const seconds = (performance.now() - startedAt) / 1_000;
      if (round > 0) results.push(roundOf(before, after, seconds));
      onRound(round);
    }
    return results;
  } finally {
    socket.close();
    const exited = once(child, "exit");
    if (child.connected) child.disconnect();
    if (child.exitCode === null) await exited;
    await rm(folder, { recursive: true, force: true });
  }
}

function roundOf(before: CollectorReport, after: CollectorReport, seconds: number): CollectorRound {
  const records = after.records - before.records;
  return {
    records,
    cpuSPerMillion: ((after.cpuS - before.cpuS) / records) * 1_000_000,
    recordsPerS: records / seconds,
    kernelDrops: after.kernelDrops - before.kernelDrops,
    publishedBytesPerRecord: (after.publishedBytes - before.publishedBytes) / records,
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

/** The report once the collector has so many datagrams (or the kernel dropped some) and has published all. */
async function settled(child: ChildProcess, datagrams: number): Promise<CollectorReport> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  let last: CollectorReport | null = null;
  for (;;) {
    const reply = nextReport(child);
    child.send("report");
    const report = await reply;
    const all = report.datagrams + report.kernelDrops >= datagrams && report.queuedBytes === 0;
    if (all && last !== null && last.records === report.records && last.datagrams === report.datagrams) return report;
    if (performance.now() > giveUpAt)
      throw new Fault(
        "INTERNAL",
        `${report.datagrams} of ${datagrams} datagrams reached the collector within a minute.`,
      );
    last = report;
    // Longer than the flush interval: two reports alike mean that nothing is left to publish.
    await sleep(all ? 600 : SETTLE_MS);
  }
}

async function sendAll(socket: Socket, port: number, datagrams: readonly Uint8Array[]): Promise<void> {
  for (let i = 0; i < datagrams.length; i += BURST_DATAGRAMS) {
    await receiverHasRoom(port);
    await Promise.all(datagrams.slice(i, i + BURST_DATAGRAMS).map((datagram) => sendOne(socket, datagram)));
  }
}

function sendOne(socket: Socket, datagram: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(datagram, (error) => (error ? reject(error) : resolve()));
  });
}
