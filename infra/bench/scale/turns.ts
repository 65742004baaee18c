import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Fault } from "@v6meter/schemas";
import { type Spread, spreadOf } from "../rounds.ts";
import type { Costs, Part } from "./part.ts";
import type { Order, Told } from "./subject-process.ts";

export interface TurnOptions {
  readonly seed: number;
  readonly rounds: number;
  /** The small sizes. */
  readonly quick: boolean;
  /** How long each measurement of a round goes on, about. */
  readonly roundMs: number;
  readonly onProgress: (text: string) => void;
}

/** The cost of a unit at one size. */
export interface Point extends Spread {
  readonly size: number;
  /** Median over the median at the baseline. */
  readonly ratio: number;
}

/** A series as it was measured. */
export interface MeasuredSeries {
  readonly part: string;
  readonly series: string;
  readonly title: string;
  readonly unit: string;
  readonly grows: string;
  readonly baseline: number;
  readonly points: readonly Point[];
  /** No size beyond the baseline costs more than a fifth above it. */
  readonly flat: boolean;
  readonly cause: string | null;
}

/** So much above the baseline still counts as flat. */
export const FLAT_RATIO = 1.2;

/** One size in a process of its own. */
class Running {
  readonly size: number;
  readonly costs = new Map<string, number[]>();
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  constructor(part: Part, size: number, seed: number, roundMs: number) {
    this.size = size;
    const arguments_ = [part.name, size, seed, roundMs].map(String);
    this.#child = fork(join(import.meta.dirname, "subject-process.ts"), arguments_, {
      execArgv: ["--max-old-space-size=12288"],
    });
    this.#ended = once(this.#child, "exit").then(() => {
      throw new Fault("INTERNAL", `bench:scale: the process of ${part.name}, ${size} ${part.grows}, has ended.`);
    });
    this.#ended.catch(() => {});
  }

  async next(order?: Order): Promise<Costs> {
    const answer = once(this.#child, "message");
    if (order) this.#child.send(order);
    const [told] = (await Promise.race([answer, this.#ended])) as [Told];
    if ("failure" in told) throw new Fault("INTERNAL", told.failure);
    return told.costs;
  }

  note(costs: Costs): void {
    for (const [series, cost] of Object.entries(costs))
      this.costs.set(series, [...(this.costs.get(series) ?? []), cost]);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    if (this.#child.connected) this.#child.send("stop" satisfies Order);
    await exited;
  }
}

/** The sizes a part is measured at. */
export function sizesOf(part: Part, quick: boolean): readonly number[] {
  return quick ? part.quickSizes : part.sizes;
}

/**
 * Measures a part: each size in a process of its own, all of them in turns, so that a busy machine slows all alike. The
 * first round warms up. Throws where a count is wrong.
 */
export async function measurePart(part: Part, options: TurnOptions): Promise<MeasuredSeries[]> {
  const { seed, rounds, quick, roundMs, onProgress } = options;
  await using running = new AsyncDisposableStack();
  const subjects: Running[] = [];
  for (const size of sizesOf(part, quick)) {
    onProgress(`${part.name}: setting up ${size} ${part.grows}`);
    const subject = running.adopt(new Running(part, size, seed, roundMs), (it) => it.stop());
    subject.note(await subject.next());
    subjects.push(subject);
  }
  for (let round = 0; round <= rounds; round++)
    for (const subject of subjects) {
      onProgress(`${part.name}: ${round === 0 ? "warming up" : `round ${round} of ${rounds}`}, ${subject.size}`);
      const costs = await subject.next("round");
      if (round > 0) subject.note(costs);
    }
  return Object.keys(part.series).map((series) => seriesOf(part, series, subjects));
}

/** A series of medians and what they are to the baseline. */
export function seriesOf(
  part: Part,
  series: string,
  subjects: readonly { readonly size: number; readonly costs: ReadonlyMap<string, readonly number[]> }[],
): MeasuredSeries {
  const spreads = subjects.map(({ size, costs }) => {
    const measured = costs.get(series);
    if (!measured?.length) throw new Fault("INTERNAL", `bench:scale: ${part.name} gave no ${series} at ${size}.`);
    return { size, ...spreadOf(measured) };
  });
  const base = spreads.find(({ size }) => size >= part.baseline) ?? spreads.at(-1);
  if (!base) throw new Fault("INTERNAL", `bench:scale: ${part.name} has no sizes.`);
  const points = spreads.map((spread) => ({ ...spread, ratio: spread.median / base.median }));
  const { title, unit, cause } = part.series[series] as Part["series"][string];
  return {
    part: part.name,
    series,
    title,
    unit,
    grows: part.grows,
    baseline: base.size,
    points,
    flat: points.every(({ size, ratio }) => size <= base.size || ratio <= FLAT_RATIO),
    cause: cause ?? null,
  };
}
