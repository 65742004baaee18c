import { type ChildProcess, fork } from "node:child_process";
import { Fault, type HostPort } from "@v6meter/schemas";
import type { CollectorCounts } from "../collector.ts";
import type { Tells, Told } from "./messages.ts";

export interface ForkedCollectorOptions {
  readonly name: string;
  readonly start: Extract<Told, { kind: "start" }>;
  /** What it tells beside its counts and where it stands. */
  onMessage(message: Tells): void;
}

/** One collecting process, from its start to its end. */
export class ForkedCollector {
  readonly name: string;
  readonly #child: ChildProcess;
  /** Resolves with its addresses once it listens; rejects with its fault where it ends before. */
  readonly ready: Promise<readonly HostPort[]>;
  /** Resolves when it has ended and all it told was heard. */
  readonly gone: Promise<void>;
  /** The latest counts it told, at most a second old. */
  counts: CollectorCounts | null = null;
  /** It listens and has not ended. */
  isRunning = false;
  /** How long it had listened when it ended. */
  livedMs = 0;
  /** It has published everything and ended as told. */
  hasFinished = false;
  #failure: Fault | null = null;
  #runningSince = Number.POSITIVE_INFINITY;
  #onClosed: (() => void) | null = null;

  constructor({ name, start, onMessage }: ForkedCollectorOptions) {
    this.name = name;
    const child = fork(new URL("./main.ts", import.meta.url), {
      serialization: "advanced",
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#child = child;
    const ready = Promise.withResolvers<readonly HostPort[]>();
    ready.promise.catch(() => {});
    this.ready = ready.promise;
    child.on("message", (message: Tells) => {
      if (message.kind === "counts") this.counts = message.counts;
      else if (message.kind === "failed") this.#failure = new Fault(message.fault.code, message.fault.message);
      else if (message.kind === "closed") this.#onClosed?.();
      else if (message.kind === "stopped") {
        this.counts = message.counts;
        this.hasFinished = true;
      } else if (message.kind === "started") {
        this.isRunning = true;
        this.#runningSince = performance.now();
        onMessage(message);
        ready.resolve(message.addresses);
      } else onMessage(message);
    });
    this.gone = new Promise((resolve) => {
      const end = () => {
        this.isRunning = false;
        this.livedMs = Math.max(0, performance.now() - this.#runningSince);
        ready.reject(this.failure);
        resolve();
      };
      child.on("error", (error) => {
        this.#failure ??= new Fault("INTERNAL", `${name} cannot be started: ${error.message}`);
        if (child.pid === undefined) end();
      });
      // What it told last may be read only after its end: an answer to it must not be missed.
      child.once("exit", () => (child.connected ? child.once("disconnect", end) : end()));
    });
    this.tell(start);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Why it ended. */
  get failure(): Fault {
    if (this.#failure) return this.#failure;
    const { signalCode, exitCode } = this.#child;
    return new Fault("INTERNAL", `${this.name} ended unasked (${signalCode ?? `exit code ${exitCode}`})`);
  }

  tell(message: Told): void {
    // Whether it still hears is told by its end.
    this.#child.send(message, () => {});
  }

  /** Has it read what has arrived and close its sockets; resolves when no datagram waits in it, or it has ended. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#onClosed = resolve;
    });
    this.tell({ kind: "close" });
    await Promise.race([closed, this.gone]);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}
