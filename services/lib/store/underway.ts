import { Fault } from "@v6meter/schemas";

/** The tasks a store has underway, and its end. */
export class Underway {
  readonly #tasks = new Set<Promise<unknown>>();
  #stopped: Promise<void> | null = null;

  /** Runs a task unless the store is stopped; a stop waits for it. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#stopped) throw new Fault("STORE_UNREACHABLE", "The store is stopped.");
    const running = task();
    this.#tasks.add(running);
    try {
      return await running;
    } finally {
      this.#tasks.delete(running);
    }
  }

  /** Takes no more tasks, waits for those underway and closes the store, once. */
  stop(close: () => Promise<void>): Promise<void> {
    this.#stopped ??= Promise.allSettled(this.#tasks).then(close);
    return this.#stopped;
  }
}
