import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HighestRate } from "./highest-rate.ts";
import type { Machine } from "./machine.ts";
import type { Measured } from "./measure.ts";
import type { MixName } from "./mixes/mix.ts";
import type { Options } from "./options.ts";
import { markdown } from "./table.ts";
import type { Missing, Tool, Way } from "./tools/tool.ts";

/** What was found of a case. */
export interface Outcome {
  readonly tool: string;
  readonly way: Way;
  readonly mix: MixName;
  readonly rounds: readonly Measured[];
  /** Null where it was not looked for. */
  readonly highest: HighestRate | null;
}

/** A run, whole. */
export interface Results {
  readonly started: Machine;
  readonly ended: Machine;
  readonly options: Options;
  readonly tools: readonly Pick<Tool, "name" | "version" | "writes">[];
  readonly missing: readonly Missing[];
  readonly outcomes: readonly Outcome[];
}

/** The tool the others are held against. */
export const OURS = "v6meter";

/**
 * What must hold however busy the machine is: this platform brings all it was sent to where it goes, and no tool counts
 * more than it was sent. A sentence for each case where it does not.
 */
export function broken({ outcomes }: Pick<Results, "outcomes">): string[] {
  return outcomes.flatMap(({ tool, way, mix, rounds }) =>
    rounds
      .filter(({ sent, delivered }) => (tool === OURS ? delivered !== sent : delivered > sent))
      .map(
        ({ sent, delivered, kernelDrops }) =>
          `${tool}, ${mix} to ${way}: ${delivered} records of ${sent} sent, ${kernelDrops} datagrams dropped by the kernel`,
      ),
  );
}

/** Writes a run as JSON and Markdown, named by its date and commit; the files it wrote. */
export function saveResults(results: Results, folder: string): string[] {
  const { at, commit } = results.started;
  const name = join(folder, ["peers", at.slice(0, 10), commit].filter(Boolean).join("-"));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${name}.json`, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(`${name}.md`, markdown(results));
  return [`${name}.json`, `${name}.md`];
}
