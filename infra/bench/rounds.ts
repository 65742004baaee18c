/** Median, least and most of the rounds of a measurement. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The spread of a list that is not empty. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] as number;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
  return { median, min: sorted[0] as number, max: sorted.at(-1) as number };
}

/** Runs a pass again and again for about so long; returns units a second of this process's CPU time. */
export function unitsPerCpuSecond(pass: () => void, unitsPerPass: number, ms: number): number {
  const before = process.cpuUsage();
  const end = performance.now() + ms;
  let units = 0;
  while (performance.now() < end) {
    pass();
    units += unitsPerPass;
  }
  const { user, system } = process.cpuUsage(before);
  return units / ((user + system) / 1_000_000);
}
