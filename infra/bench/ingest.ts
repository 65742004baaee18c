#!/usr/bin/env node
import { execFile } from "node:child_process";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { runCommand, wholeOption } from "@v6meter/runtime";
import { Fault } from "@v6meter/schemas";
import { listMigrations } from "@v6meter/sql";
import type { IngestResult, IngestTask } from "./ingest-process.ts";
import { spreadOf } from "./rounds.ts";

const HELP = `Usage: npm run bench:ingest -- [options]

CPU-seconds a million rows from the bus to the store: reading, classifying, framing, and the embedded engine's insert
with all roll-ups, then with each of them left out, so that what a roll-up costs is a line; and bytes a row on disk.

Options:
  --rows N           Rows of a measurement, after a first block that warms up (default 1048576)
  --block-rows LIST  Rows of an insert, several by comma (default 262144); prices of roll-ups are of the first
  --exporters N      Access routers, 1 to 65536 (default 256)
  --subscribers N    Subscribers (default 200000)
  --rounds N         Rounds of everything, in turns; the median is printed (default 3)
  --seed N           Of the rows (default 1)
  --no-views         Without the prices of roll-ups
  --statements FILE  SQL, a statement a line, run after the migrations: what is to be tried
  --json             One JSON line instead of text
  --help             This text
`;

const run = promisify(execFile);

const WHOLE = {
  rows: [1_024, 1e9],
  exporters: [1, 65_536],
  subscribers: [1, 2 ** 28],
  rounds: [1, 1_000],
  seed: [0, 2 ** 32 - 1],
} as const;

function readOptions() {
  const text = (fallback: string) => ({ type: "string", default: fallback }) as const;
  const flag = { type: "boolean", default: false } as const;
  const options = {
    rows: text("1048576"),
    "block-rows": text("262144"),
    exporters: text("256"),
    subscribers: text("200000"),
    rounds: text("3"),
    seed: text("1"),
    "no-views": flag,
    statements: { type: "string" },
    json: flag,
    help: flag,
  } as const;
  try {
    return parseArgs({ options }).values;
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${(cause as Error).message}. See --help.`, { cause });
  }
}

/** Views that read flows or a roll-up of flows, each with those that read its target. */
function viewsOfFlows(): { name: string; followers: string[] }[] {
  const views = listMigrations().flatMap(({ sql }) => {
    const found = /^CREATE MATERIALIZED VIEW IF NOT EXISTS (\w+) TO (\w+) AS/m.exec(sql);
    return found ? [{ name: found[1] as string, target: found[2] as string, sql }] : [];
  });
  const reads = (sql: string, table: string) => new RegExp(`\\bFROM ${table}\\b`).test(sql);
  const following = (table: string): string[] =>
    views.filter(({ sql }) => reads(sql, table)).flatMap(({ name, target }) => [name, ...following(target)]);
  return views
    .filter(({ sql }) => reads(sql, "flows"))
    .map(({ name, target }) => ({ name, followers: following(target) }));
}

async function measureOnce(task: IngestTask): Promise<IngestResult> {
  const { stdout } = await run(process.execPath, [
    join(import.meta.dirname, "ingest-process.ts"),
    JSON.stringify(task),
  ]);
  return JSON.parse(stdout) as IngestResult;
}

const STEPS = ["readS", "classifyS", "frameS", "insertS", "mergeS", "insertRowsPerS"] as const;

/** The median of each figure of several rounds; sizes are those of the last. */
function medians(results: readonly IngestResult[]): IngestResult {
  const last = results.at(-1) as IngestResult;
  const figures = STEPS.map((step) => [step, spreadOf(results.map((it) => it[step])).median]);
  return { ...last, ...Object.fromEntries(figures) };
}

function linesOf(name: string, result: IngestResult): string {
  const { readS, classifyS, frameS, insertS, mergeS, insertRowsPerS } = result;
  const figure = (value: number) => value.toFixed(2).padStart(6);
  return `${name.padEnd(44)}${[readS, classifyS, frameS, insertS, mergeS].map(figure).join(" ")} ${(insertRowsPerS / 1000).toFixed(0).padStart(7)} k/s\n`;
}

function sizes(bytes: Readonly<Record<string, number>>): string {
  return Object.entries(bytes)
    .filter(([, value]) => value >= 0.005)
    .map(([name, value]) => `${name} ${value.toFixed(2)}`)
    .join(", ");
}

await runCommand("bench:ingest", async () => {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const number = (name: keyof typeof WHOLE) => {
    const [least, most] = WHOLE[name];
    return wholeOption(name, options[name], least, most);
  };
  const size = { exporters: number("exporters"), subscribers: number("subscribers"), seed: number("seed") };
  const blocks = options["block-rows"].split(",").map((text) => wholeOption("block-rows", text, 1_024, 8_388_608));
  const common = { size, rows: number("rows"), statements: options.statements ?? null };
  const [blockRows = 0] = blocks;
  const views = viewsOfFlows();
  const withoutViews = (left: readonly (typeof views)[number][]) =>
    left.flatMap(({ name, followers }) => [name, ...followers]);
  const tasks: Record<string, IngestTask> = Object.fromEntries(
    blocks.map((rows) => [`all, ${rows} rows an insert`, { ...common, blockRows: rows, without: [], merges: true }]),
  );
  if (!options["no-views"]) {
    const task = { ...common, blockRows, merges: false };
    tasks["all, no merges"] = { ...task, without: [] };
    tasks["no roll-ups, no merges"] = { ...task, without: withoutViews(views) };
    for (const view of views) tasks[`without ${view.name}, no merges`] = { ...task, without: withoutViews([view]) };
  }
  const rounds = number("rounds");
  const results: Record<string, IngestResult[]> = {};
  for (let round = 0; round < rounds; round++)
    for (const [name, task] of Object.entries(tasks)) {
      results[name] = [...(results[name] ?? []), await measureOnce(task)];
      if (!options.json) process.stderr.write(`round ${round + 1} of ${rounds}: ${name}\n`);
    }
  const found = Object.entries(results).map(([name, list]) => [name, medians(list)] as const);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ...size, rounds, results: Object.fromEntries(found) })}\n`);
    return 0;
  }
  process.stdout.write(`${"CPU-seconds a million rows".padEnd(44)}  read   clas  frame insert  merge\n`);
  for (const [name, result] of found) process.stdout.write(linesOf(name, result));
  const { tableBytes, columnBytes } = (found[0] as (typeof found)[number])[1];
  process.stdout.write(`bytes a row of flows, by table: ${sizes(tableBytes)}\n`);
  process.stdout.write(`bytes a row of flows, by column: ${sizes(columnBytes)}\n`);
  return 0;
});
