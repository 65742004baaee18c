import { SqlException } from "./exception.ts";

/** Lets so many statements run at once and so many wait for it; throws TOO_MANY_SIMULTANEOUS_QUERIES for more. */
export class Seats {
  #free: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];

  constructor({ maxRunning, maxWaiting }: { maxRunning: number; maxWaiting: number }) {
    this.#free = maxRunning;
    this.#maxWaiting = maxWaiting;
  }

  async take<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else {
      if (this.#waiting.length >= this.#maxWaiting) {
        throw new SqlException(
          202,
          "TOO_MANY_SIMULTANEOUS_QUERIES",
          `${this.#maxWaiting} statements are waiting already: try again later.`,
        );
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
