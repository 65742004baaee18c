import { parentPort, workerData } from "node:worker_threads";
import { readCorpus } from "./corpus.ts";
import { FUZZ_STEPS, fuzz } from "./fuzz.ts";
import type { FuzzTask } from "./watch.ts";

/** The thread of a watched fuzz run: the decoder runs here, so that a hang can be ended from outside. */
const { seed, datagrams, folders, position } = workerData as FuzzTask;

parentPort?.postMessage(
  fuzz({
    seed,
    datagrams,
    corpus: readCorpus(folders).map(({ payload }) => payload),
    onStep: (index, step) => {
      Atomics.store(position, 1, FUZZ_STEPS.indexOf(step));
      Atomics.store(position, 0, index);
    },
  }),
);
