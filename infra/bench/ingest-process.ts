/**
 * One measurement of ingest in a process of its own, as an engine cannot be had twice in one: told by one JSON argument
 * (IngestTask), answers with one JSON line (IngestResult).
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeFlows, encodeFlows, encodeFlowsStream } from "@v6meter/batch";
import { createClassifier, loadRegistry } from "@v6meter/classify";
import { type FlowBatch, storeConfig } from "@v6meter/schemas";
import { SessionTable } from "@v6meter/sessions";
import { openEmbeddedStore } from "@v6meter/store";
import type { Session } from "chdb";
import { ProvinceRows, type ProvinceSize, writeProvinceRegistry } from "./province-rows.ts";

/** What to measure. */
export interface IngestTask {
  readonly size: ProvinceSize;
  readonly rows: number;
  readonly blockRows: number;
  /** Views of flows that are left out. */
  readonly without: readonly string[];
  /** The engine's background merges run and are waited for; else none is made. */
  readonly merges: boolean;
  /** File of statements, one a line, that run after the migrations; for trying things. */
  readonly statements: string | null;
}

/** CPU-seconds a million rows by step, and what stays on disk. */
export interface IngestResult {
  readonly readS: number;
  readonly classifyS: number;
  readonly frameS: number;
  readonly insertS: number;
  /** Between the last insert and the last merge. */
  readonly mergeS: number;
  /** Wall time of inserts, rows a second. */
  readonly insertRowsPerS: number;
  /** Bytes on disk a row of flows, by table: of flows, and of each roll-up. */
  readonly tableBytes: Readonly<Record<string, number>>;
  /** Bytes on disk a row of flows, by column of flows. */
  readonly columnBytes: Readonly<Record<string, number>>;
  readonly tableRows: Readonly<Record<string, number>>;
}

const MESSAGE_ROWS = 65_536;
const WARM_UP_BLOCKS = 1;
const MERGE_POLL_MS = 200;
/** Merges are over where none is seen so often in turn. */
const QUIET_POLLS = 5;

class Clock {
  #atUs = this.#now();

  #now(): number {
    const { user, system } = process.cpuUsage();
    return user + system;
  }

  /** CPU-seconds of this process since the last lap. */
  lapS(): number {
    const before = this.#atUs;
    this.#atUs = this.#now();
    return (this.#atUs - before) / 1e6;
  }
}

async function ask(session: Session, statement: string): Promise<Record<string, string>[]> {
  const answer = await session.queryAsync(statement, { format: "JSON" });
  return (JSON.parse(answer.text()) as { data: Record<string, string>[] }).data;
}

async function measure(task: IngestTask, folder: string): Promise<IngestResult> {
  const { size, rows, blockRows, without, merges } = task;
  const registryDir = join(folder, "registry");
  mkdirSync(registryDir);
  writeProvinceRegistry(registryDir, size);
  const startMs = Date.parse("2026-11-24T12:00:00+08:00");
  const source = new ProvinceRows(size, startMs);
  const sessions = new SessionTable({ slots: 1_048_576, windowMs: 3_600_000, graceMs: 2_000, seed: 1 });
  for (const batch of source.sessions(startMs - 3_600_000)) sessions.apply(batch);
  const classifier = createClassifier({
    registry: loadRegistry(registryDir),
    subscriberKey: new Uint8Array(16).fill(7),
    repeatWindowMs: 300_000,
    repeatSlots: 1_048_576,
    sessions,
  });
  const store = await openEmbeddedStore({ path: join(folder, "store"), config: storeConfig.parse({}) });
  try {
    await store.migrate();
    const statements = without.map((view) => `DROP VIEW ${view}`);
    if (task.statements !== null) statements.push(...readFileSync(task.statements, "utf8").split("\n").filter(Boolean));
    if (!merges) statements.push("SYSTEM STOP MERGES");
    for (const statement of statements) await store.engine.write((session) => session.queryAsync(statement));

    const spent = { read: 0, classify: 0, frame: 0, insert: 0, merge: 0 };
    let insertMs = 0;
    let memory = new Uint8Array(0);
    const allocate = (bytes: number) => {
      if (memory.length < bytes) memory = new Uint8Array(bytes);
      return memory.subarray(0, bytes);
    };
    const blocks = Math.ceil(rows / blockRows);
    for (let block = -WARM_UP_BLOCKS; block < blocks; block++) {
      const messages = Array.from({ length: Math.ceil(blockRows / MESSAGE_ROWS) }, () =>
        encodeFlows(source.next(Math.min(MESSAGE_ROWS, blockRows)), { stage: "decode" }),
      );
      const clock = new Clock();
      const batches: FlowBatch[] = messages.flatMap((message) => decodeFlows(message).batches);
      const read = clock.lapS();
      for (const batch of batches) classifier.classify(batch);
      const classify = clock.lapS();
      const arrow = encodeFlowsStream(batches, { stage: "classify", allocate });
      const frame = clock.lapS();
      const startedAt = performance.now();
      await store.insert({ table: "flows", arrow, rows: blockRows, token: `bench:${block}` });
      const insert = clock.lapS();
      if (block < 0) continue;
      insertMs += performance.now() - startedAt;
      spent.read += read;
      spent.classify += classify;
      spent.frame += frame;
      spent.insert += insert;
    }
    const clock = new Clock();
    if (merges) {
      for (let quiet = 0; quiet < QUIET_POLLS; ) {
        await sleep(MERGE_POLL_MS);
        const [running] = await store.engine.read((it) => ask(it, "SELECT count() AS n FROM system.merges"));
        quiet = Number(running?.n) === 0 ? quiet + 1 : 0;
      }
    }
    spent.merge = clock.lapS();

    const written = blocks * blockRows;
    const all = written + WARM_UP_BLOCKS * blockRows;
    const perRow = (list: Record<string, string>[]) =>
      Object.fromEntries(list.map(({ name, bytes }) => [name as string, Number(bytes) / all]));
    const tables = await store.engine.read((it) =>
      ask(
        it,
        "SELECT table AS name, sum(bytes_on_disk) AS bytes, sum(rows) AS rows FROM system.parts WHERE active AND database = 'default' GROUP BY name ORDER BY bytes DESC",
      ),
    );
    const columns = await store.engine.read((it) =>
      ask(
        it,
        "SELECT column AS name, sum(column_bytes_on_disk) AS bytes FROM system.parts_columns WHERE active AND table = 'flows' GROUP BY name ORDER BY bytes DESC",
      ),
    );
    const perMillion = (seconds: number) => (seconds / written) * 1e6;
    return {
      readS: perMillion(spent.read),
      classifyS: perMillion(spent.classify),
      frameS: perMillion(spent.frame),
      insertS: perMillion(spent.insert),
      mergeS: perMillion(spent.merge),
      insertRowsPerS: written / (insertMs / 1000),
      tableBytes: perRow(tables),
      columnBytes: perRow(columns),
      tableRows: Object.fromEntries(tables.map(({ name, rows: held }) => [name as string, Number(held)])),
    };
  } finally {
    await store.stop();
  }
}

const folder = mkdtempSync(join(tmpdir(), "v6meter-bench-"));
try {
  const result = await measure(JSON.parse(process.argv[2] as string) as IngestTask, folder);
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
