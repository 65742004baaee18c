#!/usr/bin/env node
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { CAPTURE_FOLDERS } from "@v6meter/captures";
import { runCommand, wholeOption } from "@v6meter/runtime";
import { Fault } from "@v6meter/schemas";
import { readCorpus } from "./corpus.ts";
import { fuzzDatagram } from "./datagram.ts";
import { type FuzzReport, PROMISES } from "./fuzz.ts";
import { type WatchedFuzz, watchedFuzz } from "./watch.ts";

const HELP = `Usage: npm run fuzz -- [options]

Gives the decoder mutated captures and random bytes, and checks that it keeps its promises:
${Object.values(PROMISES)
  .map((promise) => `  - ${promise}`)
  .join("\n")}
  - no datagram takes for ever

Options:
  --seed N        The run to make; the same seed makes the same datagrams (default: a random one, printed)
  --datagrams N   How many (default 2000000)
  --json          One JSON line at the end instead of text
  --help          This text

Exit codes: 0 every promise held, 1 one did not, 78 a wrong argument.
`;

function readArguments(): { seed: number; datagrams: number; json: boolean; help: boolean } {
  const parse = () =>
    parseArgs({
      options: {
        seed: { type: "string" },
        datagrams: { type: "string", default: "2000000" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  let values: ReturnType<typeof parse>;
  try {
    values = parse();
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${(cause as Error).message}. See --help.`, { cause });
  }
  return {
    seed: wholeOption("seed", values.seed ?? String(randomInt(2 ** 31)), 0, 0xffff_ffff),
    datagrams: wholeOption("datagrams", values.datagrams, 1, 2 ** 31 - 1),
    json: values.json,
    help: values.help,
  };
}

function printReport(report: FuzzReport): void {
  const { datagrams, rows, optionsRecords, templates, parkedSets, elapsedMs, slowestMs, slowestIndex } = report;
  process.stdout.write(
    `${datagrams} datagrams in ${(elapsedMs / 1_000).toFixed(1)} s: ${rows} rows, ${optionsRecords} options records, ` +
      `${templates} templates, ${parkedSets} sets parked, ${report.restarts} restarts\n` +
      `slowest datagram ${slowestMs.toFixed(2)} ms (number ${slowestIndex}); memory ` +
      `${Math.round(report.earlyMemoryBytes / 1_048_576)} MiB early, ${Math.round(report.lateMemoryBytes / 1_048_576)} MiB late\n`,
  );
  for (const [name, count] of Object.entries(report.books)) process.stdout.write(`  ${name} ${count}\n`);
  for (const { promise, index, mutation, hex, detail } of report.violations)
    process.stdout.write(`NOT KEPT: ${PROMISES[promise]}\n  datagram ${index} (${mutation}): ${hex}\n  ${detail}\n`);
}

function printEnd(result: Exclude<WatchedFuzz, { outcome: "finished" }>, seed: number, folders: string[]): void {
  const corpus = readCorpus(folders).map(({ payload }) => payload);
  const { mutation, payload } = fuzzDatagram(seed, Math.max(result.index, 0), corpus);
  process.stdout.write(
    `NOT KEPT: the decoder ${result.outcome} (${result.detail})\n` +
      `  datagram ${result.index} (${mutation}): ${Buffer.from(payload).toString("hex")}\n`,
  );
}

async function main(): Promise<number> {
  const { seed, datagrams, json, help } = readArguments();
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (!json) process.stdout.write(`seed ${seed}\n`);
  const folders = Object.values(CAPTURE_FOLDERS);
  const begin = performance.now();
  const result = await watchedFuzz({
    seed,
    datagrams,
    folders,
    onProgress(done) {
      if (process.stderr.isTTY && performance.now() - begin > 1_000)
        process.stderr.write(`\r\x1b[K${Math.floor((100 * done) / datagrams)} %: ${done} of ${datagrams} datagrams`);
    },
  });
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  if (json) process.stdout.write(`${JSON.stringify({ seed, ...result })}\n`);
  else if (result.outcome === "finished") printReport(result.report);
  else printEnd(result, seed, folders);
  return result.outcome === "finished" && result.report.violations.length === 0 ? 0 : 1;
}

await runCommand("fuzz", main);
