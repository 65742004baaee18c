import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "@v6meter/schemas";
import { readUdpSockets } from "@v6meter/sockets";

/** Receive buffer of the tools that let it be chosen: as much as Linux lets programs ask for on many machines. */
export const RECEIVE_BUFFER_BYTES = 4_194_304;
const START_MAX_MS = 30_000;
const STOP_MAX_MS = 60_000;
/** What it has printed is kept up to here, for messages and for counts it prints at its end. */
const OUTPUT_MAX_CHARS = 4_000_000;

export interface SpawnOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The UDP port of 127.0.0.1 it is ready at. */
  readonly port: number;
}

/** A program in a process of its own that listens on a UDP port. */
export class Spawned {
  readonly #program: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = "";

  private constructor(program: string, child: ChildProcess) {
    this.#program = program;
    this.#child = child;
    this.#ended = once(child, "close");
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-OUTPUT_MAX_CHARS);
      });
  }

  /** Starts it and waits until it listens; throws INTERNAL with what it printed where it does not. */
  static async start(program: string, args: readonly string[], { cwd, env, port }: SpawnOptions): Promise<Spawned> {
    const child = spawn(program, args, { cwd, env: env ?? process.env, stdio: ["ignore", "pipe", "pipe"] });
    const spawned = new Spawned(program, child);
    child.on("error", (error) => {
      spawned.#output += error.message;
    });
    const giveUpAt = performance.now() + START_MAX_MS;
    while (!readUdpSockets()?.some(({ local }) => local.port === port)) {
      if (!spawned.runs || performance.now() > giveUpAt) {
        await spawned.end("SIGKILL");
        throw new Fault("INTERNAL", `${program} does not listen on UDP port ${port}: ${spawned.output.slice(-2_000)}`);
      }
      await sleep(20);
    }
    return spawned;
  }

  get runs(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && this.#child.pid !== undefined;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** What it has printed. */
  get output(): string {
    return this.#output;
  }

  /** Sends the signal and waits for the end; throws INTERNAL where it has to be killed or ended before by itself. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.runs && signal !== "SIGKILL")
      throw new Fault("INTERNAL", `${this.#program} ended by itself: ${this.#output.slice(-2_000)}`);
    let killed = false;
    this.#child.kill(signal);
    const killing = setTimeout(() => {
      killed = true;
      this.#child.kill("SIGKILL");
    }, STOP_MAX_MS);
    if (this.#child.pid !== undefined) await this.#ended;
    clearTimeout(killing);
    if (killed) throw new Fault("INTERNAL", `${this.#program} did not end within ${STOP_MAX_MS / 1_000} s.`);
  }
}
