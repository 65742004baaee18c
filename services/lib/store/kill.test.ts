import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeFlows } from "@v6meter/batch";
import { Random } from "@v6meter/random";
import { getBigU64, storeConfig } from "@v6meter/schemas";
import { afterAll, expect, test } from "vitest";
import { openEmbeddedStore } from "./embedded.ts";
import { cutToKill } from "./kill.test-data.ts";
import { expectRollupsEqualRecount } from "./rollup-recount.test-data.ts";

/** V6METER_KILL_ROUNDS asks for a longer run. */
const ROUNDS = Number(process.env.V6METER_KILL_ROUNDS ?? 10);
const ROWS = 3_000;
const SEED = 20_261_124;
/** Midnight in Shanghai two days ago. */
const MIDNIGHT_MS = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 2 * 86_400_000 + 16 * 3_600_000;
const LIMITS = { maxExecutionS: 20, maxRows: 10, maxMemoryBytes: 500_000_000 };

const folder = mkdtempSync(join(tmpdir(), "v6meter-kill-"));
let child: ChildProcess | undefined;
afterAll(() => {
  child?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

interface Moment {
  readonly afterCuts: number;
  readonly andMs: number;
}

/** Lets a writer go on from a cut and kills it at a moment; returns the first cut nobody acknowledged. */
async function writeUntilKilled(firstCut: number, round: number, { afterCuts, andMs }: Moment): Promise<number> {
  const script = join(import.meta.dirname, "kill.test-child.ts");
  const args = [script, folder, String(firstCut), String(ROWS), String(MIDNIGHT_MS), String(round)];
  const writer = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  child = writer;
  const exited = once(writer, "exit");
  let next = firstCut;
  let lines = 0;
  for await (const line of createInterface({ input: writer.stdout })) {
    if (lines++ === afterCuts) void sleep(andMs).then(() => writer.kill("SIGKILL"));
    if (line !== "opened") next = Number(line.slice("stored ".length)) + 1;
  }
  expect(await exited).toEqual([null, "SIGKILL"]);
  return next;
}

test(`kill -9 at ${ROUNDS} random moments: every row is there exactly once, in the table and in every rollup`, async () => {
  const source = new Random(SEED);
  const random = () => source.next();
  let next = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const moment = { afterCuts: Math.floor(random() * 3), andMs: random() * 80 };
    next = await writeUntilKilled(next, round, moment);
  }

  const store = await openEmbeddedStore({ path: folder, config: storeConfig.parse({}) });
  await store.migrate();
  const last = cutToKill(next, ROWS, MIDNIGHT_MS);
  const arrow = encodeFlows(last, { stage: "classify" });
  await store.insert({ table: "flows", arrow, rows: ROWS, token: `bus:0:${next}` });

  let bytes = 0n;
  for (let cut = 0; cut <= next; cut++) {
    const { columns, rows } = cutToKill(cut, ROWS, MIDNIGHT_MS);
    for (let row = 0; row < rows; row++) bytes += getBigU64(columns.bytes, row);
  }
  const books = await store.raw("SELECT count(), sum(bytes) FROM flows", LIMITS);
  expect(books.rows).toEqual([[String((next + 1) * ROWS), String(bytes)]]);
  await expectRollupsEqualRecount(store);
  await store.stop();
});
