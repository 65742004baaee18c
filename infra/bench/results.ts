import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "@v6meter/schemas";
import type { Measured, UnitCosts } from "./cost-model.ts";
import type { Spread } from "./rounds.ts";
import type { MeasuredSeries } from "./scale/turns.ts";

const FOLDER = join(import.meta.dirname, "results");

/** A saved run of bench:scale. */
export interface ScaleResult {
  readonly at: string;
  readonly commit: string | null;
  readonly machine: { readonly cpus: number; readonly model: string; readonly node: string };
  readonly load: { readonly start: number; readonly end: number };
  readonly rounds: number;
  readonly series: readonly MeasuredSeries[];
}

/** What is read of a saved line of `bench:collector --json`. */
interface CollectorResult {
  readonly results: readonly {
    readonly way: string;
    readonly cpuSPerMillionRecords: Spread;
    readonly publishedBytesPerRecord: number;
  }[];
}

/** A result as it was read and the file it stands in. */
export interface Saved<T> {
  readonly file: string;
  readonly result: T;
}

/** Keeps the result of a benchmark in a file named by it, date and commit, and says on the terminal where. */
export function saveResult(result: { readonly bench: string; readonly at: string }, commit: string | null): void {
  const path = join(FOLDER, `${result.bench}-${result.at.slice(0, 10)}-${commit}.json`);
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`);
  process.stderr.write(`written to ${path}\n`);
}

/** The newest result of a benchmark: files are named by it, date and commit. Throws INTERNAL where there is none. */
function newest<T>(bench: string): Saved<T> {
  const saved = readdirSync(FOLDER)
    .filter((name) => name.startsWith(`${bench}-20`) && name.endsWith(".json"))
    .map((file) => ({ file, result: JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as T & { at?: string } }))
    // Two of one day are told apart by the moment they tell.
    .map((it) => ({ ...it, order: `${it.file.slice(bench.length + 1, bench.length + 11)} ${it.result.at ?? ""}` }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .at(-1);
  if (saved === undefined) throw new Fault("INTERNAL", `infra/bench/results has no file of bench:${bench}.`);
  return { file: saved.file, result: saved.result };
}

/** The newest saved runs that the plan is computed from. */
export function newestResults() {
  return { scale: newest<ScaleResult>("scale"), collector: newest<CollectorResult>("collector") };
}
export type Results = ReturnType<typeof newestResults>;

/** The unit costs of saved runs. Throws INTERNAL where one of them is missing. */
export function unitCostsOf({ series }: ScaleResult, { results }: CollectorResult): UnitCosts {
  const measured = (part: string, name: string): Measured[] => {
    const found = series.find((it) => it.part === part && it.series === name);
    if (!found) throw new Fault("INTERNAL", `The result of bench:scale has no series ${part} ${name}.`);
    return found.points.map(({ size, median }) => ({ size, cost: median }));
  };
  const largest = (part: string, name: string) => measured(part, name).at(-1)?.cost ?? Number.NaN;
  const collector = results.find(({ way }) => way.startsWith("UDP to Kafka")) ?? results[0];
  if (!collector) throw new Fault("INTERNAL", "The result of bench:collector has no way.");
  return {
    collectorCpuS: collector.cpuSPerMillionRecords.median,
    busBytes: collector.publishedBytesPerRecord,
    exporterBytes: largest("exporters", "memory"),
    classifyNs: measured("subscribers", "classify"),
    sessionBytes: largest("subscribers", "memory"),
    eventNs: largest("subscribers", "begin"),
    insertCpuS: measured("inserts", "insert"),
    rowBytes: largest("inserts", "disk"),
    stateBytes: largest("users", "states"),
  };
}
