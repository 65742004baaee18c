import { columnarPass } from "../decoders.ts";
import { v9MixWorkload } from "../mix.ts";
import type { CoreReport } from "./cores.ts";
import { classifierOf, classifyPass, flowRows } from "./flows.ts";

/** Decodes and classifies for as long as it is told and tells how much it did in a second; started by cores.ts. */
const seed = Number(process.argv[2]);
const workload = v9MixWorkload(seed);
const pass = columnarPass(workload);
const decode = () => {
  pass();
  return workload.records;
};
const classify = classifyPass(classifierOf(), flowRows(seed, 1, 16));

function aSecond(work: () => number, forMs: number): number {
  const startedAt = performance.now();
  let units = 0;
  do units += work();
  while (performance.now() < startedAt + forMs);
  return (units / (performance.now() - startedAt)) * 1_000;
}

process.on("message", (forMs: number) => {
  const report: CoreReport = { decode: aSecond(decode, forMs), classify: aSecond(classify, forMs) };
  if (process.connected) process.send?.(report);
});
process.once("disconnect", () => process.exit(0));
process.send?.("ready");
