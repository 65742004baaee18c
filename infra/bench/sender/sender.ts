import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Fault } from "@v6meter/schemas";
import type { MixName } from "../mixes/mix.ts";

/** What the sender is told to send, and where. */
export interface Order {
  readonly mix: MixName;
  /** Of 127.0.0.1. */
  readonly port: number;
  /** All templates, or the next datagrams up to at least so many flow records. */
  readonly what: "templates" | { readonly records: number };
  /** Flow records a second; datagrams a second of templates. */
  readonly ratePerS: number;
}

/** What it has sent. */
export interface Sent {
  readonly datagrams: number;
  readonly records: number;
  readonly elapsedMs: number;
  /** By how much it took longer than its pace, as the machine had other work. */
  readonly heldUpMs: number;
  /** Datagrams that were refused, as nobody listened. */
  readonly errors: number;
}

/** The process that sends; one for all that is measured, so that all are sent the same. */
export class Sender {
  readonly #child: ChildProcess;

  /** The same seed and epoch make the same datagrams; times in records are before the epoch. */
  constructor(seed: number, epochMs: number) {
    this.#child = fork(join(import.meta.dirname, "sender-process.ts"), [String(seed), String(epochMs)]);
  }

  /** Sends, and resolves when it is done. */
  async send(order: Order): Promise<Sent> {
    const ended = new AbortController();
    const { signal } = ended;
    const gone = once(this.#child, "exit", { signal }).then(() => {
      throw new Fault("INTERNAL", "The process that sends has ended.");
    });
    gone.catch(() => {});
    try {
      const answer = once(this.#child, "message", { signal });
      this.#child.send(order);
      const [sent] = await Promise.race([answer, gone]);
      return sent as Sent;
    } finally {
      ended.abort();
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.disconnect();
    await exited;
  }
}
