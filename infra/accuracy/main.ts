#!/usr/bin/env node
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runCommand, wholeOption } from "@v6meter/runtime";
import { AAA_COVERAGES, type AaaCoverage, Fault } from "@v6meter/schemas";
import { compare, PROMISED_SHARE_PP, type UsersCheck, type Verdict } from "./compare.ts";
import { type Measured, measureProvince } from "./province.ts";

const HELP = `accuracy: a month of a simulated province through the platform, held against what its subscribers did

  npm run accuracy -- [options]

  --subscribers N  subscribers of the province (1000000)
  --month MONTH    the month that is played, as 2026-09
  --sampling N     one packet in so many at every router (1000)
  --aaa LIST       where accounting tells of sessions: all, half of the cities, none; one run each (all,half)
  --seed N         the same seed plays the same month (1)
  --seeds N        so many provinces, seeds counted up (1)
  --json           end with one line of JSON: the figures of every run
  --help           this text

It ends with 1 where an error is larger than promised, or, with AAA in half of the cities, the interval misses the truth in more
than one of 20 figures for mobile and fixed access.
`;

interface Options {
  readonly subscribers: number;
  readonly month: string;
  readonly sampling: number;
  readonly aaa: readonly AaaCoverage[];
  readonly seed: number;
  readonly seeds: number;
  readonly json: boolean;
}

/** Intervals are held to this part of the figures they are given for. */
const HELD_LEAST = 0.95;

const say = (text: string) => process.stderr.write(`${text}\n`);
const percent = (ratio: number | null, digits = 2) => (ratio === null ? "-" : `${(ratio * 100).toFixed(digits)} %`);

function readOptions(): Options | null {
  const text = (fallback: string) => ({ type: "string", default: fallback }) as const;
  const flag = { type: "boolean", default: false } as const;
  const parse = () =>
    parseArgs({
      options: {
        subscribers: text("1000000"),
        month: text("2026-09"),
        sampling: text("1000"),
        aaa: text("all,half"),
        seed: text("1"),
        seeds: text("1"),
        json: flag,
        help: flag,
      },
    }).values;
  let values: ReturnType<typeof parse>;
  try {
    values = parse();
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${(cause as Error).message} (--help lists the options).`, { cause });
  }
  if (values.help) return null;
  const whole = (name: "subscribers" | "sampling" | "seed" | "seeds", least: number, most: number) =>
    wholeOption(name, values[name], least, most);
  const aaa = values.aaa.split(",");
  const wrong = aaa.find((word) => !AAA_COVERAGES.includes(word as AaaCoverage));
  if (wrong !== undefined)
    throw new Fault("CONFIG_INVALID", `--aaa: found ${wrong}, allowed is a list of ${AAA_COVERAGES.join(", ")}.`);
  if (!/^20\d\d-(0[1-9]|1[0-2])$/.test(values.month))
    throw new Fault("CONFIG_INVALID", `--month: found ${values.month}, allowed is a month such as 2026-09.`);
  return {
    subscribers: whole("subscribers", 1_000, 20_000_000),
    month: values.month,
    sampling: whole("sampling", 1, 10_000),
    aaa: aaa as AaaCoverage[],
    seed: whole("seed", 0, 1_000_000_000),
    seeds: whole("seeds", 1, 1_000),
    json: values.json,
  };
}

/** One province played and compared. */
interface Run {
  readonly seed: number;
  readonly aaa: AaaCoverage;
  readonly measured: Measured;
  readonly verdict: Verdict;
}

async function play(options: Options, seed: number, aaa: AaaCoverage): Promise<Run> {
  const { subscribers, month, sampling } = options;
  const folder = mkdtempSync(join(tmpdir(), "v6meter-accuracy-"));
  let toldAt = 0;
  try {
    const measured = await measureProvince({
      folder,
      month,
      subscribers,
      sampling,
      seed,
      aaa,
      onDay: (day, days, rows) => {
        if (Date.now() - toldAt < 2_000) return;
        toldAt = Date.now();
        say(`seed ${seed}, AAA ${aaa}: day ${day} of ${days}, ${rows} rows stored`);
      },
    });
    return { seed, aaa, measured, verdict: compare(measured, aaa) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function line({ what, truth, users, low, high, method, coverage, error_ratio, holds }: UsersCheck): string {
  return [
    `  ${what.padEnd(20)}`,
    String(truth).padStart(9),
    String(users ?? "-").padStart(9),
    percent(error_ratio).padStart(9),
    `${low ?? "-"} .. ${high ?? "-"}`.padStart(22),
    (holds ? "holds" : "MISSES").padStart(7),
    `  ${method}, AAA ${percent(coverage, 1)}`,
  ].join("");
}

function show({ seed, aaa, measured, verdict }: Run): void {
  const { truth, rows, sessionEvents, elapsedS } = measured;
  say(
    `\nseed ${seed}, AAA ${aaa}: ${truth.subscribers} subscribers, ${rows} flow records, ${sessionEvents} session events, ${elapsedS.toFixed(0)} s`,
  );
  say(
    `  ${"active on IPv6".padEnd(20)}${"truth".padStart(9)}${"users".padStart(9)}${"error".padStart(9)}${"interval".padStart(22)}`,
  );
  for (const it of verdict.users) say(line(it));
  for (const { access, prefixes, times_truth } of verdict.naive)
    say(`  distinct /64, ${access}: ${prefixes}, ${times_truth.toFixed(1)} times the users`);
  for (const { what, truth: real, share, error_pp } of verdict.shares)
    say(
      `  IPv6 share, ${what}: ${percent(share, 3)} for ${percent(real, 3)}, ${error_pp?.toFixed(3) ?? "-"} percentage points`,
    );
  for (const sentence of verdict.broken) say(`  BROKEN  ${sentence}`);
}

/** Intervals of figures that are estimated by ratio must hold the truth; those of what was counted are shown. */
function missed(runs: readonly Run[]): string[] {
  const checks = runs
    .filter(({ aaa }) => aaa === "half")
    .flatMap(({ verdict }) => verdict.users.filter(({ promised_ratio }) => promised_ratio !== null));
  if (checks.length === 0) return [];
  const held = checks.filter(({ holds }) => holds).length;
  const sentence = `AAA half: the interval holds the truth in ${held} of ${checks.length} figures`;
  say(`\n${sentence} (promised: 19 of 20)`);
  return held < HELD_LEAST * checks.length ? [sentence] : [];
}

async function run(options: Options): Promise<number> {
  const runs: Run[] = [];
  for (let i = 0; i < options.seeds; i++)
    for (const aaa of options.aaa) {
      const done = await play(options, options.seed + i, aaa);
      show(done);
      runs.push(done);
    }
  const broken = [...runs.flatMap(({ verdict }) => verdict.broken), ...missed(runs)];
  say(broken.length === 0 ? "every promise held" : broken.join("\n"));
  if (options.json) {
    const { subscribers, month, sampling } = options;
    const figures = runs.map(({ seed, aaa, measured, verdict }) => ({
      seed,
      aaa,
      subscribers: measured.truth.subscribers,
      rows: measured.rows,
      session_events: measured.sessionEvents,
      elapsed_s: measured.elapsedS,
      users: verdict.users,
      cells: verdict.cells,
      shares: verdict.shares,
      naive: verdict.naive,
    }));
    process.stdout.write(
      `${JSON.stringify({ subscribers, month, sampling, share_promised_pp: PROMISED_SHARE_PP, runs: figures, broken })}\n`,
    );
  }
  return broken.length === 0 ? 0 : 1;
}

await runCommand("accuracy", async () => {
  const options = readOptions();
  if (options !== null) return run(options);
  process.stdout.write(HELP);
  return 0;
});
