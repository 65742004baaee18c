import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inheritedEnvironment } from "./platform.ts";

const PROGRAM = resolve(import.meta.dirname, "../../services/standalone/bin/v6meter.js");
const START_MAX_MS = 60_000;
const STOP_MAX_MS = 90_000;

export interface ProgramOptions {
  /** For messages: `collector 1`. */
  readonly name: string;
  readonly command: string;
  /** Its data folder, and its working folder so that no settings file is found by chance. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** What it prints when it is up, with the address as first group. */
  readonly ready: RegExp;
}

/** A command of v6meter in a process of its own, which can be killed and started again as it was. */
export class ProgramProcess {
  readonly name: string;
  readonly #options: ProgramOptions;
  readonly #pinned: Record<string, string> = {};
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #output = "";
  #sinceStart = 0;

  constructor(options: ProgramOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Everything printed since the first start. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#child?.pid as number;
  }

  /** Processes it has started. */
  children(): number[] {
    const pids = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, "latin1").trim();
    return pids === "" ? [] : pids.split(" ").map(Number);
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Keeps a setting over the next starts: an address that was chosen by the system at the first one. */
  pin(variable: string, value: string): void {
    this.#pinned[variable] = value;
  }

  /** Starts it and waits until it says that it is up; throws with its output where it does not. */
  async start(): Promise<string> {
    const { name, command, folder, env, ready } = this.#options;
    mkdirSync(folder, { recursive: true });
    const child = spawn(process.execPath, [PROGRAM, command], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...inheritedEnvironment(), V6METER_DATA_DIR: folder, V6METER_LOG_LEVEL: "warn", ...env, ...this.#pinned },
    });
    this.#child = child;
    this.#ended = once(child, "close");
    this.#sinceStart = this.#output.length;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
      });
    }
    const giveUpAt = Date.now() + START_MAX_MS;
    for (;;) {
      const found = ready.exec(this.#output.slice(this.#sinceStart));
      if (found) return found[1] as string;
      if (!this.isRunning || Date.now() > giveUpAt) {
        await this.kill();
        throw new Error(`${name} did not start:\n${this.#output.slice(this.#sinceStart)}`);
      }
      await sleep(20);
    }
  }

  /** What it has printed since the last start of a line that begins with the label. */
  announced(label: string): string | null {
    return new RegExp(`^${label} +(\\S+)`, "m").exec(this.#output.slice(this.#sinceStart))?.[1] ?? null;
  }

  /** SIGKILL, and waits for the end. */
  async kill(): Promise<void> {
    if (this.isRunning) this.#child?.kill("SIGKILL");
    await this.#ended;
  }

  /** SIGTERM, and waits for the end: the exit code, or null where it had to be killed. */
  async stop(): Promise<number | null> {
    if (this.isRunning) this.#child?.kill("SIGTERM");
    const killing = setTimeout(() => this.#child?.kill("SIGKILL"), STOP_MAX_MS);
    await this.#ended;
    clearTimeout(killing);
    return this.#child?.exitCode ?? null;
  }
}
