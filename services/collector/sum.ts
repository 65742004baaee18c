import type { CollectorCounts } from "./collector.ts";

/** Sums of what several collectors did; null where none has told anything. */
export function addCounts(all: readonly (CollectorCounts | null)[]): CollectorCounts | null {
  const told = all.filter((counts) => counts !== null);
  const [first, ...others] = told;
  if (!first) return null;
  const sum = { ...first };
  for (const { trouble, ...counts } of others) {
    sum.trouble ??= trouble;
    for (const [name, count] of Object.entries(counts)) sum[name as keyof typeof counts] += count;
  }
  return sum;
}
