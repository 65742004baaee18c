import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { hostPortOption, runCommand, untilSignal, wholeOption } from "@v6meter/runtime";
import { AAA_COVERAGES, type AaaCoverage, Fault, formatHostPort } from "@v6meter/schemas";
import { playLive } from "./live.ts";
import { loadPopulation, POPULATION_SCENARIO } from "./load.ts";
import { populationClients, populationRegistry } from "./registry.ts";

const HELP = `province: subscribers of a province with their sessions and routers, whose true number is known

  npm run province -- [options]

  --to HOST:PORT       where flows go (127.0.0.1:2055); on 127.x each router sends from its own 127.x address
  --radius HOST:PORT   where accounting (RADIUS) goes; none is sent without it
  --secret-file FILE   the secret shared with that server
  --seed N             the same seed plays the same province (1)
  --subscribers N      subscribers, about (the scenario's)
  --days N             days (1)
  --speed N            simulated seconds a second (1440: a day a minute); 1 is real time, from the present hour on
  --sampling N         one packet in so many at every router (the routers' own)
  --aaa all|half|none  where accounting tells of sessions: in all cities, half of them, none (the scenario's)
  --scenario FILE      YAML of a province (Liaoning)
  --truth FILE         writes what was really so as JSON
  --registry FOLDER    writes the registry's files there and ends
  --clients FILE       writes the RADIUS clients of --secret-file (a path as seen from FILE) and ends
  --json               ends with one line of JSON: the truth and the figures of the run
  --help               this text
`;

function secretFile(wantedBy: string, file: string | undefined): string {
  if (file !== undefined) return file;
  throw new Fault("CONFIG_INVALID", `--secret-file: is needed with ${wantedBy}, a file of the shared secret.`);
}

/** Line ends behind a secret are an editor's, not the secret's. */
function readSecret(file: string): Uint8Array {
  try {
    return Buffer.from(readFileSync(file, "utf8").replace(/[\r\n]+$/, ""));
  } catch (cause) {
    throw new Fault("CONFIG_UNREADABLE", `${file}: cannot be read (${(cause as Error).message}).`, { cause });
  }
}

async function main(): Promise<number> {
  const { values } = readArguments();
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const scenario = loadPopulation(values.scenario);
  if (values.registry !== undefined || values.clients !== undefined) {
    if (values.registry !== undefined) {
      mkdirSync(values.registry, { recursive: true });
      for (const [name, text] of Object.entries(populationRegistry(scenario)))
        writeFileSync(join(values.registry, name), text);
    }
    if (values.clients !== undefined)
      writeFileSync(values.clients, populationClients(scenario, secretFile("--clients", values["secret-file"])));
    return 0;
  }
  if (values.aaa !== undefined && !AAA_COVERAGES.includes(values.aaa as AaaCoverage))
    throw new Fault("CONFIG_INVALID", `--aaa: found ${values.aaa}, allowed are ${AAA_COVERAGES.join(", ")}.`);
  const to = hostPortOption("to", values.to);

  const abort = new AbortController();
  void untilSignal().then(() => abort.abort());
  const tty = process.stderr.isTTY === true;
  const startMs = Date.now();
  const { truth, datagrams, accounting } = await playLive({
    scenario,
    to,
    seed: wholeOption("seed", values.seed, 0),
    days: wholeOption("days", values.days, 1),
    speed: wholeOption("speed", values.speed, 1),
    ...(values.subscribers === undefined ? {} : { subscribers: wholeOption("subscribers", values.subscribers, 1) }),
    ...(values.sampling === undefined ? {} : { samplingRate: wholeOption("sampling", values.sampling, 1) }),
    ...(values.aaa === undefined ? {} : { aaa: values.aaa as AaaCoverage }),
    ...(values.radius === undefined
      ? {}
      : {
          accounting: {
            to: hostPortOption("radius", values.radius),
            secret: readSecret(secretFile("--radius", values["secret-file"])),
          },
        }),
    signal: abort.signal,
    onProgress: ({ day, hour, datagrams: sent }) => {
      if (tty) process.stderr.write(`\rday ${day} ${String(hour).padStart(2, "0")}:00  ${sent} datagrams`);
    },
  });
  if (tty) process.stderr.write("\n");
  if (values.truth !== undefined) writeFileSync(values.truth, `${JSON.stringify(truth)}\n`);

  const elapsedS = Math.max(0.001, (Date.now() - startMs) / 1_000);
  const records = truth.routers.reduce((sum, router) => sum + router.records, 0);
  if (values.json)
    process.stdout.write(`${JSON.stringify({ elapsed_s: elapsedS, datagrams, records, accounting, truth })}\n`);
  else
    process.stdout.write(
      `${records} records in ${datagrams} datagrams of ${truth.routers.length} routers to ${formatHostPort(to)}` +
        `${accounting ? `, ${accounting.answered} of ${accounting.requests} accounting requests answered` : ""}` +
        ` in ${elapsedS.toFixed(1)} s: ${truth.subscribers} subscribers, ${truth.days} days\n`,
    );
  return abort.signal.aborted ? 130 : 0;
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        to: { type: "string", default: "127.0.0.1:2055" },
        radius: { type: "string" },
        "secret-file": { type: "string" },
        seed: { type: "string", default: "1" },
        subscribers: { type: "string" },
        days: { type: "string", default: "1" },
        speed: { type: "string", default: "1440" },
        sampling: { type: "string" },
        aaa: { type: "string" },
        scenario: { type: "string", default: POPULATION_SCENARIO },
        truth: { type: "string" },
        registry: { type: "string" },
        clients: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${(cause as Error).message} (--help lists the options).`, { cause });
  }
}

await runCommand("province", main);
