import { Worker } from "node:worker_threads";
import { Fault, type HostPort } from "@v6meter/schemas";
import type { CollectorCounts } from "./collector.ts";
import type { Collectors, CollectorsOptions } from "./collectors.ts";
import type { ThreadData, ThreadMessage } from "./thread-messages.ts";

/** What is made for a datagram is garbage at once; more room for it takes memory and gains nothing. */
const YOUNG_GENERATION_MB = 6;

/** The collector on a thread of its own, so that queries and inserts never starve the intake. */
export function createCollectorThread({ logger, onExit, ...data }: CollectorsOptions): Collectors {
  let worker: Worker | undefined;
  let addresses: HostPort[] = [];
  let counts: CollectorCounts | null = null;
  let ended = Promise.resolve();
  let stopping = false;

  return {
    name: "collector",
    get addresses() {
      return addresses;
    },
    counts: () => counts,
    processes: () => null,
    start: () =>
      new Promise<void>((resolve, reject) => {
        worker = new Worker(new URL("./thread-main.ts", import.meta.url), {
          workerData: data satisfies ThreadData,
          resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
        });
        let failure: Error | null = null;
        worker.on("message", (message: ThreadMessage) => {
          if (message.kind === "started") {
            addresses = message.addresses;
            resolve();
          } else if (message.kind === "failed") failure = new Fault(message.fault.code, message.fault.message);
          else counts = message.counts;
        });
        worker.on("error", (error: unknown) => {
          failure = error instanceof Error ? error : new Fault("INTERNAL", String(error));
        });
        ended = new Promise((left, failed) => {
          worker?.on("exit", () => {
            worker = undefined;
            reject(failure ?? new Fault("INTERNAL", "the collector's thread ended before it started"));
            if (stopping) return failure ? failed(failure) : left();
            left();
            if (addresses.length > 0) onExit(failure ?? new Fault("INTERNAL", "the collector's thread ended"));
          });
        });
        ended.catch(() => {});
      }),
    async stop() {
      stopping = true;
      worker?.postMessage("stop");
      await ended;
      logger.debug({ counts }, "the collector has stopped");
    },
  };
}
