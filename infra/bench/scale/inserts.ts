import type { FlowBatch } from "@v6meter/schemas";
import { insertFlows, mergesDone, openTemporaryStore } from "./engine.ts";
import { classifierOf, expectCount, flowRows } from "./flows.ts";
import type { Part } from "./part.ts";

const BATCH_ROWS = 65_536;
/** A round stores at least so many rows for each of its milliseconds, in as many inserts as that takes. */
const ROWS_A_MS = 262;

/** Rows of an insert: what the engine, its views and merges cost a row. */
export const inserts: Part = {
  name: "inserts",
  grows: "rows an insert",
  sizes: [8_192, 65_536, 262_144, 1_048_576],
  quickSizes: [8_192, 65_536],
  baseline: 65_536,
  series: {
    insert: {
      title: "encode, insert, roll-ups and the merges behind them",
      unit: "CPU-s/million rows",
      cause: "each insert makes a part in every table, whatever its rows, and states of users in each",
    },
    disk: {
      title: "raw rows on the disk",
      unit: "bytes/row",
      cause: "rows that lie in one part compress with more of their like",
    },
  },
  async prepare(size, { seed, roundMs }) {
    const engine = await openTemporaryStore();
    const classifier = classifierOf();
    let stream = seed;
    let stored = 0;
    /** Other flows in every insert, so that they compress as flows do. */
    const next = (): FlowBatch[] => {
      const filled = flowRows(stream, Math.ceil(size / BATCH_ROWS), 16);
      stream += 1_000;
      for (const batch of filled) {
        batch.rows = Math.min(batch.rows, size);
        classifier.classify(batch);
      }
      return filled;
    };
    return {
      async round() {
        let cpu = 0;
        let rows = 0;
        const pending = Array.from({ length: Math.ceil((ROWS_A_MS * roundMs) / size) }, next);
        for (const batches of pending) {
          cpu += await insertFlows(engine, batches);
          rows += batches.reduce((sum, batch) => sum + batch.rows, 0);
        }
        cpu += await mergesCost(engine);
        stored += rows;
        const [found, diskBytes] = await engine.figures(
          "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'flows'",
        );
        expectCount("rows stored", found as number, stored);
        const [hourly] = await engine.figures("SELECT sum(records) FROM flows_1h");
        expectCount("rows in the roll-up by hour", hourly as number, stored);
        return { insert: (cpu / rows) * 1e6, disk: (diskBytes as number) / (found as number) };
      },
      stop: () => engine.stop(),
    };
  },
};

/** CPU-seconds until the engine merges nothing more. */
async function mergesCost(engine: Parameters<typeof mergesDone>[0]): Promise<number> {
  const before = process.cpuUsage();
  await mergesDone(engine);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
