import { parseArgs } from "node:util";
import { hostPortOption, runCommand, untilSignal, wholeOption } from "@v6meter/runtime";
import { Fault, formatHostPort } from "@v6meter/schemas";
import { DEMO_SCENARIO, loadScenario } from "../scenario/load.ts";
import { truthJson } from "../scenario/truth.ts";
import { simulate } from "./simulate.ts";

const HELP = `simulate: routers of a province that export NetFlow and IPFIX, with known truth

  npm run simulate -- [options]

  --to HOST:PORT     where to send (127.0.0.1:2055); on 127.x each router sends from its own 127.x address
  --records N        flow records to send, about (the scenario's day; it is repeated as needed)
  --rate N|max       mean flow records a second (15000)
  --seed N           the same seed sends the same records (1)
  --scenario FILE    YAML of a scenario (the demo's)
  --json             end with one line of JSON: the truth and the figures of the run
  --help             this text
`;

async function main(): Promise<number> {
  const { values } = readArguments();
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const to = hostPortOption("to", values.to);
  const ratePerS = values.rate === "max" ? Number.POSITIVE_INFINITY : wholeOption("rate", values.rate, 1);
  const seed = wholeOption("seed", values.seed, 0);
  const records = values.records === undefined ? {} : { records: wholeOption("records", values.records, 1) };
  const scenario = loadScenario(values.scenario);

  const abort = new AbortController();
  void untilSignal().then(() => abort.abort());
  const tty = process.stderr.isTTY === true;
  let startMs = 0;
  const truth = await simulate({
    scenario,
    seed,
    to,
    ...records,
    ratePerS,
    signal: abort.signal,
    onProgress: (progress) => {
      startMs ||= Date.now();
      const hour = String(progress.hour).padStart(2, "0");
      if (tty) process.stderr.write(`\r${hour}:00  ${progress.records} of ${progress.recordsWanted} records`);
    },
  });
  if (tty) process.stderr.write("\n");

  const elapsedS = Math.max(0.001, (Date.now() - startMs) / 1000);
  const figures = { elapsed_s: elapsedS, records_per_s: Math.round(truth.records / elapsedS) };
  if (values.json) process.stdout.write(`${JSON.stringify({ ...figures, truth: JSON.parse(truthJson(truth)) })}\n`);
  else
    process.stdout.write(
      `${truth.records} records in ${truth.datagrams} datagrams of ${truth.routers.length} routers to ${formatHostPort(to)}` +
        ` in ${elapsedS.toFixed(1)} s (${figures.records_per_s} records/s)\n`,
    );
  return abort.signal.aborted ? 130 : 0;
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        to: { type: "string", default: "127.0.0.1:2055" },
        records: { type: "string" },
        rate: { type: "string", default: "15000" },
        seed: { type: "string", default: "1" },
        scenario: { type: "string", default: DEMO_SCENARIO },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${(cause as Error).message} (--help lists the options).`, { cause });
  }
}

await runCommand("simulate", main);
