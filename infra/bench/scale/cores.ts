import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Fault } from "@v6meter/schemas";
import type { Part } from "./part.ts";

/** What a process tells of the records and rows of a round. */
export interface CoreReport {
  readonly decode: number;
  readonly classify: number;
}

const PROCESS = join(import.meta.dirname, "core-process.ts");

/** A process and its end, which is a fault while it is asked. */
interface Worker {
  readonly child: ChildProcess;
  readonly ended: Promise<never>;
}

/** Starts a process, on one core where the machine has `taskset`. */
async function startOn(core: number, seed: number): Promise<Worker> {
  const forked = [PROCESS, String(seed + core)] as const;
  const pinned = spawn("taskset", ["-c", String(core), process.execPath, ...forked], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const started = await Promise.race([
    once(pinned, "message").then(() => true),
    once(pinned, "error").then(() => false),
    once(pinned, "exit").then(() => false),
  ]);
  if (started) return { child: pinned, ended: endOf(pinned) };
  const child = fork(PROCESS, forked.slice(1));
  const worker = { child, ended: endOf(child) };
  await Promise.race([once(child, "message"), worker.ended]);
  return worker;
}

function endOf(child: ChildProcess): Promise<never> {
  const ended = once(child, "exit").then(() => {
    throw new Fault("INTERNAL", "A process of the part `cores` ended in the middle of it.");
  });
  ended.catch(() => {});
  return ended;
}

async function asked({ child, ended }: Worker, forMs: number): Promise<CoreReport> {
  const answer = once(child, "message");
  child.send(forMs);
  const [report] = await Promise.race([answer, ended]);
  return report as CoreReport;
}

/** Processes that work side by side, each on a core of its own: what one of them still does in a second. */
export const cores: Part = {
  name: "cores",
  grows: "processes, each on its own core",
  sizes: [1, 2, 4, 8, 16].filter((size) => size <= Math.max(2, availableParallelism())),
  quickSizes: [1, 2],
  baseline: 1,
  series: {
    decode: {
      title: "decode, side by side",
      unit: "core-ns/record",
      cause: "cores share memory and caches, virtual ones often one core, and other work takes its part of the time",
    },
    classify: { title: "classify, side by side", unit: "core-ns/row", cause: "as for decode" },
  },
  async prepare(size, { seed, roundMs }) {
    const workers: Worker[] = [];
    for (let core = 0; core < size; core++) workers.push(await startOn(core, seed));
    return {
      async round() {
        const reports = await Promise.all(workers.map((worker) => asked(worker, roundMs)));
        const nsAUnit = (of: keyof CoreReport) => (1e9 * size) / reports.reduce((sum, report) => sum + report[of], 0);
        return { decode: nsAUnit("decode"), classify: nsAUnit("classify") };
      },
      async stop() {
        for (const { child } of workers) {
          if (child.exitCode !== null) continue;
          const exited = once(child, "exit");
          child.disconnect();
          await exited;
        }
      },
    };
  },
};
