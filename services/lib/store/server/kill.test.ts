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
import { cutToKill } from "../kill.test-data.ts";
import { expectRollupsEqualRecount } from "../rollup-recount.test-data.ts";
import { killServers, type Server, startServer } from "./server.test-data.ts";
import { openServerStore } from "./server-store.ts";

/** V6METER_KILL_ROUNDS asks for a longer run. */
const ROUNDS = Number(process.env.V6METER_KILL_ROUNDS ?? 9);
const ROWS = 3_000;
const SEED = 20_261_125;
/** Midnight in Shanghai two days ago. */
const MIDNIGHT_MS = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 2 * 86_400_000 + 16 * 3_600_000;
const LIMITS = { maxExecutionS: 20, maxRows: 10, maxMemoryBytes: 500_000_000 };

const folder = mkdtempSync(join(tmpdir(), "v6meter-server-kill-"));
let child: ChildProcess | undefined;
afterAll(() => {
  child?.kill("SIGKILL");
  killServers();
  rmSync(folder, { recursive: true, force: true });
});

type Victim = "writer" | "server" | "both";

interface Round {
  readonly victim: Victim;
  readonly afterCuts: number;
  readonly andMs: number;
  readonly seed: number;
}

/** Lets a writer go on from a cut and kills it, the server or both at a moment; returns the first cut nobody acknowledged. */
async function writeUntilKilled(server: Server, firstCut: number, round: Round): Promise<number> {
  const script = join(import.meta.dirname, "..", "kill.test-child.ts");
  const args = [script, server.url, String(firstCut), String(ROWS), String(MIDNIGHT_MS), String(round.seed)];
  // A writer whose server is gone ends with the fault of its insert.
  const writer = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  child = writer;
  const exited = once(writer, "exit");
  const kill = async () => {
    await sleep(round.andMs);
    if (round.victim !== "server") writer.kill("SIGKILL");
    if (round.victim !== "writer") await server.kill();
  };
  let next = firstCut;
  let lines = 0;
  let killed: Promise<void> | undefined;
  for await (const line of createInterface({ input: writer.stdout })) {
    if (lines++ === round.afterCuts) killed = kill();
    if (line !== "opened") next = Number(line.slice("stored ".length)) + 1;
  }
  expect(killed).toBeDefined();
  await killed;
  expect(await exited).toEqual(round.victim === "server" ? [1, null] : [null, "SIGKILL"]);
  return next;
}

test(`kill -9 of writer, server or both at ${ROUNDS} random moments: every row is there exactly once, in the table and in every rollup`, async () => {
  const source = new Random(SEED);
  const random = () => source.next();
  const victims: Victim[] = ["server", "writer", "both"];
  let server = await startServer(folder);
  let next = 0;
  for (let seed = 0; seed < ROUNDS; seed++) {
    const victim = victims[seed % victims.length] as Victim;
    const round = { victim, afterCuts: Math.floor(random() * 3), andMs: random() * 80, seed };
    next = await writeUntilKilled(server, next, round);
    if (victim !== "writer") server = await startServer(folder, server.port);
  }

  const store = await openServerStore({ config: storeConfig.parse({ url: server.url }) });
  await store.migrate();
  const arrow = encodeFlows(cutToKill(next, ROWS, MIDNIGHT_MS), { stage: "classify" });
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
