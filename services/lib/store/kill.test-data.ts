import type { FlowBatch } from "@v6meter/schemas";
import { mixedFlows } from "./flows.test-data.ts";

/** Rows of a cut, the same in every process; each straddles midnight in Shanghai, and so two partitions of every table but the daily rollup. */
export function cutToKill(cut: number, rows: number, midnightMs: number): FlowBatch {
  return mixedFlows({ rows, seed: 1_000 + cut, fromMs: midnightMs - 5_000, spanMs: 10_000 });
}
