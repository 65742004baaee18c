import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeFlowsStream } from "@v6meter/batch";
import { Fault, type FlowBatch, storeConfig } from "@v6meter/schemas";
import { openEmbeddedStore } from "@v6meter/store";
import { cpuSeconds } from "./cpu.ts";

export type TemporaryStore = Awaited<ReturnType<typeof openTemporaryStore>>;

/** The embedded engine with all migrations, over a folder that goes with `stop`. */
export async function openTemporaryStore() {
  const folder = mkdtempSync(join(tmpdir(), "v6meter-bench-"));
  const store = await openEmbeddedStore({ path: folder, config: storeConfig.parse({}) });
  await store.migrate();
  return {
    store,
    /** Runs a statement of the benchmark's own. */
    async run(statement: string): Promise<void> {
      await store.engine.write((session) => session.queryAsync(statement));
    },
    /** The numbers of the only row of an answer. */
    async figures(statement: string): Promise<number[]> {
      const answer = await store.engine.read((session) => session.queryAsync(statement, { format: "TabSeparated" }));
      return answer.text().trim().split("\t").map(Number);
    },
    async stop(): Promise<void> {
      await store.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

let inserts = 0;

/** Stores classified batches as the classifier does; CPU-seconds of encoding and insert, with all roll-ups. */
export async function insertFlows({ store }: TemporaryStore, batches: readonly FlowBatch[]): Promise<number> {
  const startedAt = cpuSeconds();
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
  const arrow = encodeFlowsStream(batches, { stage: "classify" });
  await store.insert({ table: "flows", arrow, rows, token: `bench:${inserts++}` });
  return cpuSeconds() - startedAt;
}

/** Waits until the engine merges nothing in the background, for two minutes at most. */
export async function mergesDone({ figures }: TemporaryStore): Promise<void> {
  const giveUpAt = performance.now() + 120_000;
  for (let quiet = 0; quiet < 3; ) {
    const [running] = await figures("SELECT count() FROM system.merges");
    quiet = running === 0 ? quiet + 1 : 0;
    if (performance.now() > giveUpAt)
      throw new Fault("INTERNAL", "The engine still merged two minutes after the tables were filled.");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
