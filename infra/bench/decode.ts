#!/usr/bin/env node
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { runCommand, wholeOption } from "@v6meter/runtime";
import { Fault } from "@v6meter/schemas";
import { type CollectorRound, collectorRounds } from "./collector-cost.ts";
import { columnarPass, libraryPass } from "./decoders.ts";
import { machineNow, machineText } from "./machine.ts";
import { type Spread, spreadOf, unitsPerCpuSecond } from "./rounds.ts";
import { ipfixWorkload, v5Workload, v9Workload, type Workload } from "./workload.ts";

const HELP = `Usage: npm run bench:decode -- [options]

Records a second and core of the decoder, beside node-netflowv9 on the same datagrams in the same run, and
CPU-seconds per million records of a collector from UDP to the embedded bus.

Options:
  --seed N      Values in the records (default 1)
  --rounds N    Rounds of each measurement, 3 or more; the median and the spread are printed (default 5)
  --records N   Records of one round from UDP to the bus (default 1000000)
  --json        One JSON line instead of text
  --help        This text
`;

const ROUND_MS = 1_000;
/** Rounds that are not counted: the compiler takes some seconds to settle. */
const WARM_UP_ROUNDS = 3;

interface DecodeResult {
  readonly workload: string;
  /** Records a second of CPU time. */
  readonly columnar: Spread;
  readonly nodeNetflowV9: Spread | null;
}

interface CollectorResult {
  readonly workload: string;
  readonly cpuSPerMillionRecords: Spread;
  readonly recordsPerS: Spread;
  readonly publishedBytesPerRecord: Spread;
  readonly kernelDrops: number;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(text === "" ? "\r\x1b[K" : `\r\x1b[K${text} ...`);
}

/** Both decoders take turns, so that a busy machine slows both. */
function measureDecoders(workload: Workload, rounds: number): DecodeResult {
  const columnar = columnarPass(workload);
  const library = libraryPass(workload);
  const rates = { columnar: [] as number[], library: [] as number[] };
  for (let round = 1 - WARM_UP_ROUNDS; round <= rounds; round++) {
    progress(`${workload.name}, ${round < 1 ? "warming up" : `round ${round} of ${rounds}`}`);
    const columnarRate = unitsPerCpuSecond(columnar, workload.records, ROUND_MS);
    const libraryRate = library === null ? 0 : unitsPerCpuSecond(library, workload.records, ROUND_MS);
    if (round < 1) continue;
    rates.columnar.push(columnarRate);
    rates.library.push(libraryRate);
  }
  return {
    workload: workload.name,
    columnar: spreadOf(rates.columnar),
    nodeNetflowV9: library === null ? null : spreadOf(rates.library),
  };
}

async function measureCollector(workload: Workload, rounds: number, records: number): Promise<CollectorResult> {
  const measured = await collectorRounds(workload, rounds, records, (done) =>
    progress(`UDP to the bus, ${workload.name}, round ${done} of ${rounds}`),
  );
  const spread = (value: (round: CollectorRound) => number) => spreadOf(measured.map(value));
  return {
    workload: workload.name,
    cpuSPerMillionRecords: spread(({ cpuSPerMillion }) => cpuSPerMillion),
    recordsPerS: spread(({ recordsPerS }) => recordsPerS),
    publishedBytesPerRecord: spread(({ publishedBytesPerRecord }) => publishedBytesPerRecord),
    kernelDrops: measured.reduce((sum, { kernelDrops }) => sum + kernelDrops, 0),
  };
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        seed: { type: "string", default: "1" },
        rounds: { type: "string", default: "5" },
        records: { type: "string", default: "1000000" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${(cause as Error).message}. See --help.`, { cause });
  }
}

function millions({ median, min, max }: Spread): string {
  const text = (value: number) => (value / 1_000_000).toFixed(2);
  return `${text(median)} M/s (${text(min)} to ${text(max)})`;
}

function printDecode({ workload, columnar, nodeNetflowV9 }: DecodeResult): void {
  const beside =
    nodeNetflowV9 === null
      ? "not read by node-netflowv9, or that is not installed"
      : `node-netflowv9 ${millions(nodeNetflowV9)}, ${(columnar.median / nodeNetflowV9.median).toFixed(1)} times`;
  process.stdout.write(`${workload}\n  v6meter ${millions(columnar)}; ${beside}\n`);
}

function printCollector({ workload, cpuSPerMillionRecords: cpu, recordsPerS, ...rest }: CollectorResult): void {
  process.stdout.write(
    `UDP to the bus, ${workload}\n` +
      `  ${cpu.median.toFixed(2)} CPU-s per million records (${cpu.min.toFixed(2)} to ${cpu.max.toFixed(2)}) ` +
      `at ${millions(recordsPerS)}, ${rest.publishedBytesPerRecord.median.toFixed(0)} bytes a record on the bus, ` +
      `${rest.kernelDrops} datagrams dropped by the kernel\n`,
  );
}

await runCommand("bench:decode", async () => {
  const values = readArguments();
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const seed = wholeOption("seed", values.seed, 0, 0xffff_ffff);
  const rounds = wholeOption("rounds", values.rounds, 3, 100);
  const records = wholeOption("records", values.records, 100_000, 100_000_000);
  const [cpu] = cpus();
  const machine = {
    cpus: cpus().length,
    model: cpu?.model ?? "unknown",
    memoryBytes: totalmem(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
  if (!values.json) process.stdout.write(`${machineText(machineNow())}, seed ${seed}\n`);

  const decode: DecodeResult[] = [];
  for (const workload of [v5Workload(seed), v9Workload(seed), ipfixWorkload(seed)]) {
    const result = measureDecoders(workload, rounds);
    progress("");
    decode.push(result);
    if (!values.json) printDecode(result);
  }
  const collector = await measureCollector(v9Workload(seed), rounds, records);
  progress("");
  if (values.json) process.stdout.write(`${JSON.stringify({ seed, rounds, machine, decode, collector })}\n`);
  else printCollector(collector);
  return 0;
});
