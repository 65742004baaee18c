import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { Fault } from "@v6meter/schemas";

/** A process of Node that sends a report when it is up and whenever it is sent `report`; it ends when disconnected. */
export class Reporting<Report> {
  readonly #child: ChildProcess;
  /** Its first report. */
  readonly first: Report;

  private constructor(child: ChildProcess, first: Report) {
    this.#child = child;
    this.first = first;
  }

  static async start<Report>(file: string, args: readonly string[]): Promise<Reporting<Report>> {
    const child = fork(file, args);
    return new Reporting(child, await nextReport<Report>(child));
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  report(): Promise<Report> {
    const next = nextReport<Report>(this.#child);
    this.#child.send("report");
    return next;
  }

  async stop(): Promise<void> {
    await this.#end(() => this.#child.disconnect());
  }

  async kill(): Promise<void> {
    await this.#end(() => this.#child.kill("SIGKILL"));
  }

  async #end(how: () => void): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    how();
    await exited;
  }
}

async function nextReport<Report>(child: ChildProcess): Promise<Report> {
  const ended = new AbortController();
  const { signal } = ended;
  const gone = once(child, "exit", { signal }).then(() => {
    throw new Fault("INTERNAL", "A process that is measured has ended in the middle of the benchmark.");
  });
  gone.catch(() => {});
  try {
    const [report] = await Promise.race([once(child, "message", { signal }), gone]);
    return report as Report;
  } finally {
    ended.abort();
  }
}
