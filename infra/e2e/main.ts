import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startKafka } from "@v6meter/kafka";
import { runCommand, untilSignal, wholeOption } from "@v6meter/runtime";
import { Fault } from "@v6meter/schemas";
import { auditBooks, auditExporters, auditRollups, auditShares, differs, type Finding } from "./audit.ts";
import { Cluster } from "./cluster.ts";
import { type LoadSent, sendLoad } from "./load.ts";

const HELP = `e2e: the platform as processes of their own, fed over UDP, held against what was sent

  npm run e2e -- [options]

  --records N      simulated flow records, beside the captures (5000000)
  --rate N         records a second of all routers together (60000)
  --seed N         the same seed sends the same records (1)
  --collectors N   collector processes (2)
  --classifiers N  classifier processes (3)
  --json           end with one line of JSON: the figures of the run
  --keep           leave the data and logs where they are, and say where
  --help           this text
`;

const PARTITIONS = 6;
const SETTLE_MAX_MS = 300_000;
const PROGRESS_EVERY_MS = 2_000;
/** Differences that are shown; all are counted. */
const SHOWN = 20;

interface Options {
  readonly records: number;
  readonly rate: number;
  readonly seed: number;
  readonly collectors: number;
  readonly classifiers: number;
  readonly json: boolean;
  readonly keep: boolean;
}

const say = (text: string) => process.stderr.write(`${text}\n`);

function readOptions(): Options | null {
  const values = readArguments();
  if (values.help) return null;
  const whole = (name: "records" | "rate" | "seed" | "collectors" | "classifiers", least: number, most: number) =>
    wholeOption(name, values[name], least, most);
  return {
    records: whole("records", 1_000, 10_000_000_000),
    rate: whole("rate", 1, 10_000_000),
    seed: whole("seed", 0, 1_000_000_000),
    // Every collector has a router of the scenario's nine.
    collectors: whole("collectors", 1, 9),
    classifiers: whole("classifiers", 1, 16),
    json: values.json,
    keep: values.keep,
  };
}

function readArguments() {
  const text = (fallback: string) => ({ type: "string", default: fallback }) as const;
  const flag = { type: "boolean", default: false } as const;
  try {
    return parseArgs({
      options: {
        records: text("5000000"),
        rate: text("60000"),
        seed: text("1"),
        collectors: text("2"),
        classifiers: text("3"),
        json: flag,
        keep: flag,
        help: flag,
      },
    }).values;
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${(cause as Error).message} (--help lists the options).`, { cause });
  }
}

async function send(cluster: Cluster, { records, rate, seed, collectors }: Options): Promise<LoadSent> {
  let toldAt = 0;
  return sendLoad({
    to: Array.from({ length: collectors }, (_, i) => cluster.udp(i)),
    records,
    ratePerS: rate,
    seed,
    onProgress: (sent) => {
      if (Date.now() - toldAt < PROGRESS_EVERY_MS) return;
      toldAt = Date.now();
      say(`sent ${sent} of ${records} records`);
    },
  });
}

/** Prints every audit's verdict; all findings that differ. */
function report(audits: Readonly<Record<string, readonly Finding[]>>): Finding[] {
  for (const [name, findings] of Object.entries(audits)) {
    const wrong = findings.filter(differs).length;
    say(
      `${wrong === 0 ? "equal  " : "DIFFERS"}  ${name.padEnd(34)}${findings.length - wrong} of ${findings.length} figures`,
    );
  }
  const wrong = Object.values(audits).flat().filter(differs);
  for (const { what, sent, found } of wrong.slice(0, SHOWN)) say(`  ${what}: must be ${sent}, is ${found}`);
  if (wrong.length > SHOWN) say(`  and ${wrong.length - SHOWN} more`);
  return wrong;
}

/** Lines of errors of the processes' logs. */
function errorsOf(cluster: Cluster): string[] {
  return cluster.processes.flatMap(({ name, output }) =>
    output
      .split("\n")
      .filter((line) => /"level":(50|60)/.test(line))
      .slice(0, SHOWN)
      .map((line) => `${name}: ${line}`),
  );
}

async function exercise(cluster: Cluster, options: Options): Promise<number> {
  await cluster.start(say);
  const sent = await send(cluster, options);
  const sentAt = performance.now();
  const sendS = sent.elapsedMs / 1_000;
  say(`sent ${sent.records} records in ${sent.datagrams} datagrams in ${sendS.toFixed(1)} s; waiting …`);
  await cluster.settled(sent.datagrams, SETTLE_MAX_MS);
  const settleS = (performance.now() - sentAt) / 1_000;
  say(`settled ${settleS.toFixed(1)} s later`);

  const wrong = report({
    "rows, bytes, packets of exporters": await auditExporters(cluster, sent),
    "shares by city, operator, family": await auditShares(cluster, sent),
    "books of exporters and stages": await auditBooks(cluster, sent),
    "rollups against a recount": await auditRollups(cluster),
  });
  const codes = await cluster.stop();
  const unclean = Object.entries(codes).filter(([, code]) => code !== 0);
  for (const [name, code] of unclean) say(`${name} ended with ${code}`);
  const failed = wrong.length > 0 || unclean.length > 0;
  say(failed ? "the platform does not give what was sent" : "every figure is what was sent");
  if (options.json) {
    const { records, datagrams } = sent;
    const figures = { records, datagrams, send_s: sendS, settle_s: settleS, differences: wrong, exit_codes: codes };
    process.stdout.write(`${JSON.stringify(figures)}\n`);
  }
  return failed ? 1 : 0;
}

async function run(options: Options): Promise<number> {
  const signalled = untilSignal().then(() => 130);
  const folder = mkdtempSync(join(tmpdir(), "v6meter-e2e-"));
  await using parts = new AsyncDisposableStack();
  parts.defer(async () => {
    if (options.keep) say(`kept: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  });
  say("starting Kafka …");
  const kafka = await startKafka({ dataDir: join(folder, "kafka") });
  parts.defer(() => kafka.stop());
  say(`kafka        ${kafka.brokers.join(",")}`);
  const { collectors, classifiers } = options;
  const cluster = new Cluster({ folder, brokers: kafka.brokers, collectors, classifiers, partitions: PARTITIONS });
  parts.defer(async () => {
    await cluster.kill();
    for (const { name, output } of options.keep ? cluster.processes : [])
      writeFileSync(join(folder, `${name}.log`), output);
  });
  try {
    return await Promise.race([exercise(cluster, options), signalled]);
  } finally {
    for (const line of errorsOf(cluster)) say(line);
  }
}

await runCommand("e2e", async () => {
  const options = readOptions();
  if (options !== null) return run(options);
  process.stdout.write(HELP);
  return 0;
});
