#!/usr/bin/env node
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { runCommand } from "@v6meter/runtime";
import { Fault } from "@v6meter/schemas";
import { machineLine, wholeOption } from "./command.ts";
import { type Case, type Load, type Measured, measure } from "./measure.ts";
import { MIX_NAMES, type MixName, mixName } from "./mixes/mix.ts";
import { type Spread, spreadOf } from "./rounds.ts";
import { Sender } from "./sender/sender.ts";
import { findGoflow2 } from "./tools/goflow2.ts";
import { type Missing, type Tool, WAYS, type Way } from "./tools/tool.ts";
import { V6METER } from "./tools/v6meter.ts";

const HELP = `Usage: npm run bench -- [options]

CPU-seconds per million records and peak memory of this platform beside its peers: the same packets to all, sent
by one process at one pace, the tools in turns. Fails where this platform loses a record at that pace.

Options:
  --seed N       Values in the records (default 1)
  --rounds N     Rounds of each case; the median and the spread are printed (default 3)
  --records N    Flow records of a round that are measured (default 500000)
  --rate N       Flow records a second (default 60000)
  --only LIST    Tools and mixes, parted by commas: v6meter, goflow2, v5, v9, ipfix (default: all)
  --json         One JSON line instead of a table
  --help         This text
`;

const GO_BUILD_MAX_MS = 300_000;

interface Result {
  readonly tool: string;
  readonly way: Way;
  readonly mix: MixName;
  readonly rounds: readonly Measured[];
}

const say = (text: string) => process.stderr.write(`${text}\n`);

function readArguments() {
  const text = (fallback: string) => ({ type: "string", default: fallback }) as const;
  const flag = { type: "boolean", default: false } as const;
  try {
    return parseArgs({
      options: {
        seed: text("1"),
        rounds: text("3"),
        records: text("500000"),
        rate: text("60000"),
        only: text(""),
        json: flag,
        help: flag,
      },
    }).values;
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${(cause as Error).message}. See --help.`, { cause });
  }
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4").bind({ address: "127.0.0.1", port: 0 });
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  await once(socket, "close");
  return port;
}

function casesOf(tools: readonly Tool[], mixes: readonly MixName[]): Case[] {
  const all = tools.flatMap((tool) => WAYS.flatMap((way) => (tool.writes[way] === undefined ? [] : [{ tool, way }])));
  return mixes.flatMap((mix) =>
    WAYS.flatMap((way) =>
      all.filter((it) => it.way === way && it.tool.mixes.includes(mix)).map((it) => ({ ...it, mix })),
    ),
  );
}

/** What must hold whatever the machine is busy with: this platform brings all it was sent to where it goes. */
function broken(results: readonly Result[]): string[] {
  return results
    .filter(({ tool }) => tool === V6METER.name)
    .flatMap(({ tool, way, mix, rounds }) =>
      rounds
        .filter(({ sent, delivered }) => sent !== delivered)
        .map(
          ({ sent, delivered, kernelDrops }) =>
            `${tool}, ${mix} to ${way}: ${delivered} of ${sent} records, ${kernelDrops} datagrams dropped by the kernel`,
        ),
    );
}

function text({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

function table(results: readonly Result[]): string {
  const lines = results.map(({ tool, way, mix, rounds }) => {
    const cpu = spreadOf(rounds.map(({ cpuSPerMillion }) => cpuSPerMillion));
    const ours = results.find((it) => it.tool === V6METER.name && it.mix === mix && it.way === way);
    const ratio = ours ? cpu.median / spreadOf(ours.rounds.map((it) => it.cpuSPerMillion)).median : Number.NaN;
    const memory = spreadOf(rounds.map(({ peakRssBytes }) => peakRssBytes / 1_000_000));
    const lost = rounds.reduce((sum, { sent, delivered }) => sum + sent - delivered, 0);
    return `| ${mix} | ${way} | ${tool} | ${text(cpu, 2)} | ${ratio.toFixed(2)} | ${text(memory, 0)} | ${lost} |`;
  });
  return [
    "| mix | to | tool | CPU-s per million records | of v6meter's | peak memory, MB | records lost |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}

async function run(cases: readonly Case[], rounds: number, load: Load): Promise<Result[]> {
  const results = cases.map(({ tool, way, mix }) => ({ tool: tool.name, way, mix, rounds: [] as Measured[] }));
  for (let round = 1; round <= rounds; round++)
    for (const [i, it] of cases.entries()) {
      const measured = await measure(it, load);
      results[i]?.rounds.push(measured);
      say(
        `round ${round} of ${rounds}, ${it.mix} to ${it.way}, ${it.tool.name}: ${measured.cpuSPerMillion.toFixed(2)} CPU-s per million, ` +
          `${measured.delivered} of ${measured.sent} records, ${measured.kernelDrops} datagrams dropped, ${Math.round(measured.sentPerS)} records/s`,
      );
    }
  return results;
}

await runCommand("bench", async () => {
  const values = readArguments();
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const seed = wholeOption("seed", values.seed, 0, 0xffff_ffff);
  const rounds = wholeOption("rounds", values.rounds, 1, 100);
  const records = wholeOption("records", values.records, 30_000, 100_000_000);
  const ratePerS = wholeOption("rate", values.rate, 1_000, 10_000_000);

  const found = [V6METER, await findGoflow2({ buildMaxMs: GO_BUILD_MAX_MS })];
  const isTool = (it: Tool | Missing): it is Tool => "start" in it;
  const names = found.map(({ name }) => name);
  const only = values.only === "" ? [] : values.only.split(",").map((it) => it.trim());
  const tools = only.some((it) => names.includes(it)) ? found.filter(({ name }) => only.includes(name)) : found;
  const wanted = only.filter((it) => !names.includes(it)).map(mixName);
  const mixes = wanted.length > 0 ? wanted : MIX_NAMES;

  const sender = new Sender(seed, Date.now());
  try {
    const load = { sender, port: await freeUdpPort(), brokers: [], records, ratePerS };
    const results = await run(casesOf(tools.filter(isTool), mixes), rounds, load);
    const missing = tools.filter((it): it is Missing => !isTool(it));
    if (values.json) process.stdout.write(`${JSON.stringify({ seed, rounds, records, ratePerS, missing, results })}\n`);
    else {
      process.stdout.write(`${machineLine()}, seed ${seed}, ${ratePerS} records/s\n${table(results)}\n`);
      for (const { name, missing: why } of missing) process.stdout.write(`${name}: missing: ${why}\n`);
    }
    const wrong = broken(results);
    for (const line of wrong) say(line);
    return wrong.length > 0 ? 1 : 0;
  } finally {
    await sender.stop();
  }
});
