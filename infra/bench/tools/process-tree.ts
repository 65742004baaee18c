import { readdirSync, readFileSync } from "node:fs";

/** The kernel tells times of processes in these, on every architecture Node runs on (sysconf, _SC_CLK_TCK). */
const CLOCK_TICKS_PER_S = 100;

/** What a process and all that it started have used. */
export interface Usage {
  /** User and system, those of children that have ended and were waited for among them. */
  readonly cpuS: number;
  /** The sum of every process's peak of resident memory; shared pages are counted in each. */
  readonly peakRssBytes: number;
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** Of the process itself, user and system. */
  readonly ticks: number;
  /** Of its children that have ended and were waited for. */
  readonly childrenTicks: number;
}

/** A line of /proc/PID/stat (proc_pid_stat(5)); the name in it may have spaces and brackets. */
export function parseStat(text: string): Stat {
  const [, parent, , , , , , , , , , user, system, childrenUser, childrenSystem] = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number) as number[];
  const sum = (...values: (number | undefined)[]) => values.reduce<number>((all, one) => all + (one ?? 0), 0);
  return {
    pid: Number.parseInt(text, 10),
    parent: parent as number,
    ticks: sum(user, system),
    childrenTicks: sum(childrenUser, childrenSystem),
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // It has ended since it was listed.
    return "";
  }
}

function peakRssBytes(pid: number): number {
  return 1_024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

/**
 * CPU time of a process: that of its threads to the nanosecond where the kernel tells it, or in ticks, which threads that
 * have ended are in as well: the larger of both.
 */
function cpuS({ pid, ticks, childrenTicks }: Stat): number {
  let threadsNs = 0;
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`))
      threadsNs += Number.parseInt(read(`/proc/${pid}/task/${thread}/schedstat`) || "0", 10);
  } catch {
    // It has ended.
  }
  return Math.max(threadsNs / 1_000_000_000, ticks / CLOCK_TICKS_PER_S) + childrenTicks / CLOCK_TICKS_PER_S;
}

/** What the processes under `root`, itself among them, have used since their start. */
export function treeUsage(root: number): Usage {
  const stats = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => read(`/proc/${name}/stat`))
    .filter((text) => text !== "")
    .map(parseStat);
  const tree = new Set([root]);
  // A child may have a smaller number than its parent: until no more are found.
  for (let size = 0; size < tree.size; ) {
    size = tree.size;
    for (const { pid, parent } of stats) if (tree.has(parent)) tree.add(pid);
  }
  const own = stats.filter(({ pid }) => tree.has(pid));
  return {
    cpuS: own.reduce((sum, stat) => sum + cpuS(stat), 0),
    peakRssBytes: own.reduce((sum, { pid }) => sum + peakRssBytes(pid), 0),
  };
}
