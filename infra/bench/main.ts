#!/usr/bin/env node
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { missingTools, startKafka } from "@v6meter/kafka";
import { runCommand } from "@v6meter/runtime";
import { machineNow } from "./machine.ts";
import { type Case, type Load, measure, searchHighestRate } from "./measure.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { broken, type Outcome, type Results, saveResults } from "./outcome.ts";
import { Sender } from "./sender/sender.ts";
import { markdown, rateText } from "./table.ts";
import { findTools } from "./tools/found.ts";
import { type Missing, type Tool, WAYS } from "./tools/tool.ts";

/** Building goflow2 may take so long; in a quick run, which CI waits for, less. */
const GO_BUILD_MAX_MS = { quick: 60_000, full: 600_000 };

const say = (text: string) => process.stderr.write(`${text}\n`);

async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4").bind({ address: "127.0.0.1", port: 0 });
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  await once(socket, "close");
  return port;
}

/** The cases in the order of a round: the tools that are compared follow each other. */
function casesOf(tools: readonly Tool[], { mixes, ways }: Options): Case[] {
  return mixes.flatMap((mix) =>
    WAYS.filter((way) => ways.includes(way)).flatMap((way) =>
      tools
        .filter((tool) => tool.writes[way] !== undefined && tool.mixes.includes(mix))
        .map((tool) => ({ tool, way, mix })),
    ),
  );
}

async function run(cases: readonly Case[], { rounds, stepMs }: Options, load: Load): Promise<Outcome[]> {
  const outcomes = cases.map(({ tool, way, mix }) => ({
    tool: tool.name,
    way,
    mix,
    rounds: [] as Outcome["rounds"],
    highest: null as Outcome["highest"],
  }));
  for (let round = 1; round <= rounds; round++)
    for (const [i, it] of cases.entries()) {
      const measured = await measure(it, load);
      const outcome = outcomes[i] as (typeof outcomes)[number];
      outcome.rounds = [...outcome.rounds, measured];
      const { cpuSPerMillion, delivered, sent, kernelDrops, sentPerS } = measured;
      say(
        `round ${round} of ${rounds}, ${it.mix} to ${it.way}, ${it.tool.name}: ${cpuSPerMillion.toFixed(2)} CPU-s per million, ` +
          `${delivered} of ${sent} records, ${kernelDrops} datagrams dropped, ${Math.round(sentPerS)} records/s sent`,
      );
    }
  for (const [i, it] of cases.entries()) {
    if (stepMs === 0) break;
    const highest = await searchHighestRate(it, load, stepMs);
    (outcomes[i] as (typeof outcomes)[number]).highest = highest;
    say(`highest rate, ${it.mix} to ${it.way}, ${it.tool.name}: ${rateText(highest)} records/s`);
  }
  return outcomes;
}

async function bench(options: Options): Promise<number> {
  await using parts = new AsyncDisposableStack();
  const started = machineNow();
  const goBuildMaxMs = options.quick ? GO_BUILD_MAX_MS.quick : GO_BUILD_MAX_MS.full;
  const found = (await findTools({ goBuildMaxMs })).filter(({ name }) => options.tools.includes(name));
  const tools = found.filter((it): it is Tool => "start" in it);
  const missing = found.filter((it): it is Missing => !("start" in it));

  const withoutKafka = options.ways.includes("kafka") ? missingTools() : [];
  if (withoutKafka.length > 0)
    missing.push({
      name: "Kafka",
      missing: `it needs ${withoutKafka.join(" and ")}, so the way to it is not measured`,
    });
  const ways = withoutKafka.length > 0 ? options.ways.filter((way) => way !== "kafka") : options.ways;
  const kafka = ways.includes("kafka") ? parts.adopt(await startKafka(), (it) => it.stop()) : null;

  const sender = parts.adopt(new Sender(options.seed, Date.now()), (it) => it.stop());
  const { records, ratePerS } = options;
  const load = { sender, port: await freeUdpPort(), brokers: kafka?.brokers ?? [], records, ratePerS };
  const outcomes = await run(casesOf(tools, { ...options, ways }), options, load);

  const results: Results = {
    started,
    ended: machineNow(),
    options,
    tools: tools.map(({ name, version, writes }) => ({ name, version, writes })),
    missing,
    outcomes,
  };
  process.stdout.write(options.json ? `${JSON.stringify(results)}\n` : markdown(results));
  if (options.save !== null) for (const file of saveResults(results, options.save)) say(`written: ${file}`);
  const wrong = broken(results);
  for (const line of wrong) say(line);
  return wrong.length > 0 ? 1 : 0;
}

await runCommand("bench", async () => {
  const options = readOptions(process.argv.slice(2));
  if (options !== null) return bench(options);
  process.stdout.write(HELP);
  return 0;
});
