/** Lets at most so many tasks run at once; the others wait in order. */
export class Turns<T> {
  readonly #free: T[];
  readonly #waiting: ((seat: T) => void)[] = [];

  constructor(seats: readonly T[]) {
    this.#free = [...seats];
  }

  /** Runs a task with a seat that no other task has meanwhile. */
  async take<R>(task: (seat: T) => Promise<R>): Promise<R> {
    const seat = this.#free.pop() ?? (await new Promise<T>((resolve) => this.#waiting.push(resolve)));
    try {
      return await task(seat);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(seat);
      else this.#free.push(seat);
    }
  }
}
