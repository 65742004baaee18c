import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A server in a process of its own. */
export interface Server {
  readonly url: string;
  readonly port: number;
  /** Ends it at once; returns when it is gone. */
  kill(): Promise<void>;
}

const running = new Set<ChildProcess>();

/** Starts a server on a folder, which keeps what earlier ones stored there. */
export async function startServer(folder: string, port = 0): Promise<Server> {
  const script = join(import.meta.dirname, "server.test-child.ts");
  const child = spawn(process.execPath, [script, folder, String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  running.add(child);
  const exited = once(child, "exit").finally(() => running.delete(child));
  const lines = createInterface({ input: child.stdout });
  const [url] = await Promise.race([
    once(lines, "line") as Promise<[string]>,
    exited.then(([code, signal]) => {
      throw new Error(`The server ended before it listened: ${code ?? signal}.`);
    }),
  ]);
  return {
    url,
    port: Number(new URL(url).port),
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Ends what a failed test left behind. */
export function killServers(): void {
  for (const child of running) child.kill("SIGKILL");
}
