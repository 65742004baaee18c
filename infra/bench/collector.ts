#!/usr/bin/env node
import { parseArgs } from "node:util";
import { kafkaIsThere, startKafka } from "@v6meter/kafka";
import { runCommand, wholeOption } from "@v6meter/runtime";
import { Fault } from "@v6meter/schemas";
import { type CollectorRound, type MeasuredCollector, measuredCollector } from "./collector-cost.ts";
import { recordsInKafka } from "./kafka-records.ts";
import { machineNow, machineText } from "./machine.ts";
import { v9MixWorkload } from "./mix.ts";
import { spreadOf } from "./rounds.ts";

const HELP = `Usage: npm run bench:collector -- [options]

CPU-seconds per million records and peak memory of a collector's process from UDP to the bus on its disk, and to
Kafka (acknowledged; a broker of its own on this machine), in turns. Fails where a record is lost.

Options:
  --seed N          Values in the records (default 1)
  --rounds N        Rounds of each way, 3 or more; the median and the spread are printed (default 5)
  --records N       Records of one round (default 2000000)
  --no-kafka        To the bus alone
  --profiles DIR    Write CPU profiles of the collectors' threads there
  --json            One JSON line instead of text
  --help            This text
`;

/** A way that is measured and what became of it. */
interface Way {
  readonly name: string;
  readonly collector: MeasuredCollector;
  readonly rounds: CollectorRound[];
  /** Records sent since its start, warm-up included. */
  sent: number;
  decoded: number;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(text === "" ? "\r\x1b[K" : `\r\x1b[K${text} ...`);
}

function summary({ name, rounds }: Way) {
  const of = (value: (round: CollectorRound) => number) => spreadOf(rounds.map(value));
  const threads = new Set(rounds.flatMap(({ cpuByThreadSPerMillion }) => Object.keys(cpuByThreadSPerMillion)));
  return {
    way: name,
    cpuSPerMillionRecords: of(({ cpuSPerMillion }) => cpuSPerMillion),
    cpuByThreadSPerMillion: Object.fromEntries(
      [...threads].map((thread) => [thread, of((round) => round.cpuByThreadSPerMillion[thread] ?? 0).median]),
    ),
    recordsPerS: of(({ recordsPerS }) => recordsPerS),
    publishedBytesPerRecord: of(({ publishedBytesPerRecord }) => publishedBytesPerRecord).median,
    kernelDrops: rounds.reduce((sum, { kernelDrops }) => sum + kernelDrops, 0),
    peakRssBytes: Math.max(...rounds.map(({ peakRssBytes }) => peakRssBytes)),
  };
}

function print({ way, cpuSPerMillionRecords: cpu, recordsPerS: rate, ...rest }: ReturnType<typeof summary>): void {
  const threads = Object.entries(rest.cpuByThreadSPerMillion)
    .filter(([, spentS]) => spentS >= 0.005)
    .sort(([, a], [, b]) => b - a)
    .map(([name, spentS]) => `${name} ${spentS.toFixed(2)}`);
  process.stdout.write(
    `${way}\n` +
      `  ${cpu.median.toFixed(2)} CPU-s per million records (${cpu.min.toFixed(2)} to ${cpu.max.toFixed(2)}): ${threads.join(", ")}\n` +
      `  ${Math.round(rate.median / 1_000)} thousand records/s (${Math.round(rate.min / 1_000)} to ${Math.round(rate.max / 1_000)}), ` +
      `${rest.publishedBytesPerRecord.toFixed(0)} bytes a record in the spool, peak memory ` +
      `${Math.round(rest.peakRssBytes / 1_000_000)} MB, ${rest.kernelDrops} datagrams dropped by the kernel\n`,
  );
}

function readArguments() {
  try {
    return parseArgs({
      allowNegative: true,
      options: {
        seed: { type: "string", default: "1" },
        rounds: { type: "string", default: "5" },
        records: { type: "string", default: "2000000" },
        kafka: { type: "boolean", default: true },
        profiles: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${(cause as Error).message}. See --help.`, { cause });
  }
}

await runCommand("bench:collector", async () => {
  const values = readArguments();
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const seed = wholeOption("seed", values.seed, 0, 0xffff_ffff);
  const rounds = wholeOption("rounds", values.rounds, 3, 100);
  const records = wholeOption("records", values.records, 100_000, 100_000_000);
  if (!values.json) process.stdout.write(`${machineText(machineNow())}, seed ${seed}\n`);

  const workload = v9MixWorkload(seed);
  await using parts = new AsyncDisposableStack();
  const ways: Way[] = [];
  const add = async (name: string, broker?: string) => {
    const collector = await measuredCollector(workload, { broker, profiles: values.profiles });
    ways.push({ name, collector: parts.adopt(collector, (it) => it.stop()), rounds: [], sent: 0, decoded: 0 });
  };
  await add("UDP to the bus");
  const kafka = values.kafka && kafkaIsThere() ? parts.adopt(await startKafka(), (it) => it.stop()) : null;
  const [broker] = kafka?.brokers ?? [];
  if (broker) await add("UDP to Kafka, acknowledged", broker);

  for (let round = 0; round <= rounds; round++) {
    for (const way of ways) {
      progress(`${way.name}, ${round === 0 ? "warming up" : `round ${round} of ${rounds}`}`);
      const measured = await way.collector.round(round === 0 ? records / 2 : records);
      way.sent += measured.sentRecords;
      way.decoded += measured.records;
      if (round > 0) way.rounds.push(measured);
    }
  }
  progress("");
  const results = ways.map(summary);
  const arrived = ways.map(({ decoded }) => decoded);
  if (broker) arrived[ways.length - 1] = await recordsInKafka([broker]);
  if (values.json) process.stdout.write(`${JSON.stringify({ seed, workload: workload.name, results })}\n`);
  else {
    process.stdout.write(`${workload.name}\n`);
    for (const result of results) print(result);
  }
  for (const [i, { name, sent }] of ways.entries())
    if (arrived[i] !== sent) throw new Fault("INTERNAL", `${name}: ${arrived[i]} of ${sent} records arrived.`);
  return 0;
});
