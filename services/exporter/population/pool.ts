import { Fault } from "@v6meter/schemas";

/** Given back ones that are remembered; beyond them the oldest is not handed out again. */
const REMEMBERED = 64;

/**
 * Numbers of prefixes or addresses that sessions hold: those never given out before, and those given back a
 * moment ago. A number is held by one session at a time.
 */
export class Pool {
  readonly #name: string;
  readonly #size: number;
  #next = 0;
  readonly #numbers = new Uint32Array(REMEMBERED);
  readonly #availableAt = new Uint32Array(REMEMBERED);
  #oldest = 0;
  #count = 0;

  /** `size` numbers from 0; `name` stands in the Fault where they do not suffice. */
  constructor(name: string, size: number) {
    this.#name = name;
    this.#size = size;
  }

  /** The one given back last of those available at `now`; -1 where there is none. */
  takeReturned(now: number): number {
    for (let place = this.#count - 1; place >= 0; place--) {
      const at = (this.#oldest + place) % REMEMBERED;
      if ((this.#availableAt[at] as number) > now) continue;
      const number = this.#numbers[at] as number;
      for (let later = place + 1; later < this.#count; later++) {
        const from = (this.#oldest + later) % REMEMBERED;
        const to = (this.#oldest + later - 1) % REMEMBERED;
        this.#numbers[to] = this.#numbers[from] as number;
        this.#availableAt[to] = this.#availableAt[from] as number;
      }
      this.#count--;
      return number;
    }
    return -1;
  }

  /** One nobody has held before. Throws CONFIG_INVALID where there is none left. */
  takeFresh(): number {
    if (this.#next >= this.#size)
      throw new Fault(
        "CONFIG_INVALID",
        `${this.#name}: all its ${this.#size} are given out; a shorter prefix, fewer subscribers or fewer sessions a day are needed.`,
      );
    return this.#next++;
  }

  /** Gives one back, to be handed out again from `availableAt` on. */
  giveBack(number: number, availableAt: number): void {
    if (this.#count === REMEMBERED) {
      this.#oldest = (this.#oldest + 1) % REMEMBERED;
      this.#count--;
    }
    const at = (this.#oldest + this.#count) % REMEMBERED;
    this.#numbers[at] = number;
    this.#availableAt[at] = availableAt;
    this.#count++;
  }

  /** True where a number given back now would push out another one. */
  get isFull(): boolean {
    return this.#count === REMEMBERED;
  }
}
