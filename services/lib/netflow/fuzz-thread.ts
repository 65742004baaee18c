import { parentPort, workerData } from "node:worker_threads";
import { fuzz } from "./fuzz.ts";
import { readCorpus } from "./fuzz-corpus.ts";
import type { FuzzTask } from "./fuzz-watch.ts";

/** The thread of a watched fuzz run: the decoder runs here, so that a hang can be ended from outside. */
const { seed, datagrams, folders, position } = workerData as FuzzTask;

parentPort?.postMessage(
  fuzz({
    seed,
    datagrams,
    corpus: readCorpus(folders).map(({ payload }) => payload),
    onDatagram: (index) => Atomics.store(position, 0, index),
  }),
);
