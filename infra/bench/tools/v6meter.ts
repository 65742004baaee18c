import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { Fault } from "@v6meter/schemas";
import type { CollectorReport } from "../collector-cost.ts";
import type { Running, Setup, Tool } from "./tool.ts";

const COLLECTOR = resolve(import.meta.dirname, "../collector-process.ts");
const TO_NOTHING = join(import.meta.dirname, "collector-to-nothing.ts");
/** The flush interval, and how old the counts of the collector's thread are at most. */
const QUIET_MS = 1_600;

/** The process's answer to being asked, or what it says when it is up. */
async function report(child: ChildProcess, ask: boolean): Promise<CollectorReport> {
  const ended = new AbortController();
  const { signal } = ended;
  const gone = once(child, "exit", { signal }).then(() => {
    throw new Fault("INTERNAL", "The collector's process ended in the middle of the benchmark.");
  });
  gone.catch(() => {});
  try {
    const answer = once(child, "message", { signal });
    if (ask) child.send("report");
    const [told] = await Promise.race([answer, gone]);
    return told as CollectorReport;
  } finally {
    ended.abort();
  }
}

async function startCollector(file: string, args: readonly string[]): Promise<Running> {
  const child = fork(file, args);
  const { port } = await report(child, false);
  const delivered = async () => {
    const { records, queuedBytes, unforwarded } = await report(child, true);
    // What waits is not where it goes; how many records that are is not known.
    return queuedBytes > 0 || unforwarded > 0 ? null : records;
  };
  return {
    port,
    pid: child.pid as number,
    delivered,
    async stop() {
      const records = (await delivered()) ?? 0;
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
      return records;
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

function start({ way, folder }: Setup): Promise<Running> {
  if (way === "nothing") return startCollector(TO_NOTHING, []);
  return startCollector(COLLECTOR, [folder]);
}

/** This platform: a collector's process. */
export const V6METER: Tool = {
  name: "v6meter",
  version: "of this commit",
  writes: {
    nothing: "all columns of every record as Arrow batches with their books, handed to a bus that forgets them",
    disk: "the same, durably to the embedded bus; counted as published",
  },
  mixes: ["v5", "v9", "ipfix"],
  quietMs: QUIET_MS,
  start,
};
