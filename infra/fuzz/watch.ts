import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { FUZZ_STEPS, type FuzzReport } from "./fuzz.ts";

/** What the thread of a watched run is told. */
export interface FuzzTask {
  readonly seed: number;
  readonly datagrams: number;
  /** Folders of captures to mutate; those that do not exist are left out. */
  readonly folders: readonly string[];
  /** The index of the datagram it is at, -1 before the first, and of the step in FUZZ_STEPS. */
  readonly position: Int32Array<SharedArrayBuffer>;
}

/** A watched run: its figures, or the datagram at which it came to nothing. */
export type WatchedFuzz =
  | { readonly outcome: "finished"; readonly report: FuzzReport }
  | { readonly outcome: "hung" | "died"; readonly index: number; readonly detail: string };

/** How a run is watched. */
export interface WatchOptions {
  readonly seed: number;
  readonly datagrams: number;
  readonly folders: readonly string[];
  /** A step that uses more of a processor is a hang: its thread's time, which a busy machine does not stretch. @default 5000 */
  readonly hangCpuMs?: number;
  /** What the thread runs; for tests. @default thread.ts */
  readonly thread?: URL;
  /** Called about four times a second with the number of datagrams done. */
  readonly onProgress?: (done: number) => void;
}

const FUZZ_THREAD = new URL("./thread.ts", import.meta.url);
const LOOK_EVERY_MS = 250;
/** A decoder that allocates without bound ends its thread, not the machine. */
const MAX_HEAP_MB = 1_024;

const cpuMsOf = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1_000;

/** Runs `fuzz` in a thread of its own and ends it when one step takes for ever. */
export function watchedFuzz({
  hangCpuMs = 5_000,
  thread = FUZZ_THREAD,
  onProgress,
  ...options
}: WatchOptions): Promise<WatchedFuzz> {
  const position = new Int32Array(new SharedArrayBuffer(8)).fill(-1);
  const task: FuzzTask = { ...options, position };
  return new Promise((resolve) => {
    const worker = new Worker(thread, {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    let ended = false;
    const look = async () => {
      let [seen, usedBeforeMs] = ["", 0];
      while (!ended) {
        const [index, step] = [Atomics.load(position, 0), Atomics.load(position, 1)];
        onProgress?.(Math.max(index, 0));
        // It rejects only for a thread that has ended, which the listeners below tell.
        const usage = await worker.cpuUsage().catch(() => null);
        if (usage === null) return;
        const usedMs = cpuMsOf(usage);
        if (seen !== `${index} ${step}`) [seen, usedBeforeMs] = [`${index} ${step}`, usedMs];
        else if (usedMs - usedBeforeMs > hangCpuMs)
          return end({
            outcome: "hung",
            index,
            detail: `more than ${hangCpuMs} ms of a processor in ${FUZZ_STEPS[step] ?? "start"}`,
          });
        await sleep(LOOK_EVERY_MS);
      }
    };
    const end = (result: WatchedFuzz) => {
      ended = true;
      worker.removeAllListeners();
      void worker.terminate().then(() => resolve(result));
    };
    worker.once("message", (report: FuzzReport) => end({ outcome: "finished", report }));
    worker.once("error", (error) =>
      end({ outcome: "died", index: Atomics.load(position, 0), detail: (error as Error).message }),
    );
    worker.once("exit", (code) =>
      end({ outcome: "died", index: Atomics.load(position, 0), detail: `the thread ended with ${code}` }),
    );
    worker.once("online", look);
  });
}
