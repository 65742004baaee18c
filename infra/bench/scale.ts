#!/usr/bin/env node
import { execFileSync } from "node:child_process";
import { cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { runCommand, wholeOption } from "@v6meter/runtime";
import { Fault } from "@v6meter/schemas";
import { machineNow, machineText } from "./machine.ts";
import { saveResult } from "./results.ts";
import { PARTS } from "./scale/parts.ts";
import { FLAT_RATIO, type MeasuredSeries, measurePart } from "./scale/turns.ts";

const HELP = `Usage: npm run bench:scale -- [options]

What a unit costs while one quantity grows and all else stays: exporters, templates, prefixes of the registry,
subscribers, rows an insert, users of a month, days kept, cores. Fails where a count is wrong, never for a time.

Options:
  --only PART    One of ${PARTS.map(({ name }) => name).join(", ")}; may be given again
  --seed N       Of all flows, sessions and prefixes (default 1)
  --rounds N     Rounds of each size, in turns; the median and the spread are printed (default 5, with --quick 2)
  --quick        Small sizes and short rounds: a minute or so
  --json         One JSON line instead of text
  --save         Writes the JSON to infra/bench/results/ as well
  --help         This text
`;

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(text === "" ? "\r\x1b[K" : `\r\x1b[K${text} ...`);
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        only: { type: "string", multiple: true, default: [] as string[] },
        seed: { type: "string", default: "1" },
        rounds: { type: "string" },
        quick: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        save: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${(cause as Error).message}. See --help.`, { cause });
  }
}

function partsNamed(names: readonly string[]) {
  for (const name of names)
    if (!PARTS.some((part) => part.name === name))
      throw new Fault(
        "CONFIG_INVALID",
        `--only: found ${name}, allowed are ${PARTS.map((part) => part.name).join(", ")}. See --help.`,
      );
  return names.length === 0 ? PARTS : PARTS.filter(({ name }) => names.includes(name));
}

/** Three digits that tell something, whatever the unit. */
function digits(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3);
}

function print({ title, unit, points, flat, cause, baseline }: MeasuredSeries): void {
  process.stdout.write(`  ${title}, ${unit}\n`);
  for (const { size, median, min, max, ratio } of points)
    process.stdout.write(
      `    ${size.toLocaleString("en-US").padStart(12)}  ${digits(median).padStart(9)}  (${digits(min)} to ${digits(max)})` +
        `${size === baseline ? "  baseline" : `  ${ratio.toFixed(2)} times`}\n`,
    );
  process.stdout.write(`    ${flat ? "flat within a fifth" : `not flat: ${cause ?? "cause not known"}`}\n`);
}

const git = (...words: string[]) => execFileSync("git", words, { cwd: import.meta.dirname, encoding: "utf8" }).trim();

await runCommand("bench:scale", async () => {
  const values = readArguments();
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const parts = partsNamed(values.only);
  const seed = wholeOption("seed", values.seed, 0, 0xffff_ff00);
  const rounds = wholeOption("rounds", values.rounds ?? (values.quick ? "2" : "5"), 1, 100);
  const roundMs = values.quick ? 250 : 1_000;
  const startedAt = new Date();
  const [loadAtStart] = loadavg();
  if (!values.json)
    process.stdout.write(
      `${machineText(machineNow())}, seed ${seed}; flat is up to ${FLAT_RATIO} times the baseline\n`,
    );
  const series: MeasuredSeries[] = [];
  for (const part of parts) {
    const measured = await measurePart(part, { seed, rounds, quick: values.quick, roundMs, onProgress: progress });
    progress("");
    series.push(...measured);
    if (values.json) continue;
    process.stdout.write(`${part.name}: what grows is the number of ${part.grows}\n`);
    for (const one of measured) print(one);
  }
  const [loadAtEnd] = loadavg();
  const result = {
    bench: "scale",
    at: startedAt.toISOString(),
    seconds: Math.round((Date.now() - startedAt.getTime()) / 1_000),
    commit: values.save ? git("rev-parse", "--short=9", "HEAD") : null,
    machine: {
      cpus: cpus().length,
      model: cpus()[0]?.model ?? "unknown",
      memoryBytes: totalmem(),
      node: process.version,
    },
    load: { start: loadAtStart, end: loadAtEnd },
    seed,
    rounds,
    quick: values.quick,
    series,
  };
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  if (values.save) saveResult(result, result.commit);
  return 0;
});
