import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** CPU-seconds of this process since it began, all threads. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

/** CPU-nanoseconds a unit, over passes that go on for about so long. */
export function cpuNsPerUnit(pass: () => number, forMs: number): number {
  const before = cpuSeconds();
  const end = performance.now() + forMs;
  let units = 0;
  do units += pass();
  while (performance.now() < end);
  return ((cpuSeconds() - before) / units) * 1e9;
}

let collect: (() => void) | undefined;

/** Bytes that live in this process's heap and buffers, after garbage was collected. */
export function liveBytes(): number {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  // Buffers go a collection after what held them: until nothing goes any more.
  let live = Number.POSITIVE_INFINITY;
  for (let most = 20; most > 0; most--) {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    if (heapUsed + external >= live) break;
    live = heapUsed + external;
  }
  return live;
}
