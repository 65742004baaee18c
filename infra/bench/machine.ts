import { execFileSync } from "node:child_process";
import { cpus, loadavg, release, totalmem } from "node:os";

/** The machine at a moment, as far as figures depend on it. */
export interface Machine {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Of this repository, short; `+` after it where files differ from it. Empty outside of a clone. */
  readonly commit: string;
  readonly cpuModel: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly node: string;
  /** Processes that ran or would have, over the last minute. */
  readonly loadAverage: number;
}

function git(...args: readonly string[]): string {
  try {
    return execFileSync("git", args, { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "ignore"] })
      .toString()
      .trim();
  } catch {
    return "";
  }
}

export function machineNow(): Machine {
  const commit = git("rev-parse", "--short", "HEAD");
  return {
    at: new Date().toISOString(),
    commit: commit && git("status", "--porcelain", "--untracked-files=no") ? `${commit}+` : commit,
    cpuModel: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    loadAverage: loadavg()[0] as number,
  };
}

/** A machine in words. */
export function machineText({ cores, cpuModel, kernel, node }: Machine): string {
  return `${cores} x ${cpuModel}, Linux ${kernel}, Node ${node}`;
}
