import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export const ROOT = resolve(import.meta.dirname, "../..");

/** A command as typed at the repository's root, in a process group of its own, as a terminal has it. */
export interface RunningCommand {
  readonly process: ChildProcess;
  output(): string;
  /** Waits until the output matches; throws with the output when it ends or `maxMs` are over. */
  until(pattern: RegExp, maxMs: number): Promise<RegExpExecArray>;
  /** What Ctrl-C does: SIGINT to the whole group. Resolves to the exit code. */
  interrupt(): Promise<number | null>;
  ended(): Promise<number | null>;
  /** SIGKILL to the whole group where it still runs. */
  end(): void;
}

export function runCommandLine(line: string, env: Readonly<Record<string, string>> = {}): RunningCommand {
  const child = spawn("bash", ["-c", `exec ${line}`], {
    cwd: ROOT,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const exit = once(child, "exit") as Promise<[number | null]>;
  return {
    process: child,
    output: () => output,
    async until(pattern, maxMs) {
      const giveUpAt = Date.now() + maxMs;
      for (;;) {
        const match = pattern.exec(output);
        if (match) return match;
        if (child.exitCode !== null || Date.now() > giveUpAt) throw new Error(`${line}: no ${pattern} in\n${output}`);
        await sleep(50);
      }
    },
    async interrupt() {
      process.kill(-(child.pid as number), "SIGINT");
      return (await exit)[0];
    },
    ended: async () => (await exit)[0],
    end() {
      if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid as number), "SIGKILL");
    },
  };
}
