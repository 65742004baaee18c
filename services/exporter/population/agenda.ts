import { HALVES, type Subscribers, WORDS } from "./subscribers.ts";

const NOBODY = -1;
/** Records that are fetched into the cache together. */
const TOGETHER = 64;

/** Memory an agenda takes for a subscriber, in bytes. */
export const AGENDA_BYTES = Uint32Array.BYTES_PER_ELEMENT;

/**
 * Who is due in which second of a step. Those who are due when it begins are sorted by second, so that their
 * records can be fetched side by side; who becomes due again within it is chained to the second.
 */
export class Agenda {
  readonly #subscribers: Subscribers;
  readonly #seconds: number;
  readonly #sorted: Uint32Array;
  /** Where each second's begin in `sorted`. */
  readonly #begins: Uint32Array;
  readonly #again: Int32Array;
  readonly #cells = new Uint16Array(TOGETHER);

  constructor(subscribers: Subscribers, seconds: number) {
    this.#subscribers = subscribers;
    this.#seconds = seconds;
    this.#sorted = new Uint32Array(subscribers.count);
    this.#begins = new Uint32Array(seconds + 2);
    this.#again = new Int32Array(seconds);
  }

  /** Looks who is due from `start` on, within the step's seconds; who was due before is so at once. */
  begin(start: number): void {
    const { count, dueAt } = this.#subscribers;
    const begins = this.#begins;
    const end = start + 100 * this.#seconds;
    begins.fill(0);
    this.#again.fill(NOBODY);
    // Counted two places on: filling them in moves each beginning to where it belongs.
    for (let s = 0; s < count; s++) {
      const at = dueAt[s] as number;
      if (at >= end) continue;
      const place = at < start ? 2 : Math.floor((at - start) / 100) + 2;
      begins[place] = (begins[place] as number) + 1;
    }
    for (let second = 2; second < begins.length; second++)
      begins[second] = (begins[second] as number) + (begins[second - 1] as number);
    for (let s = 0; s < count; s++) {
      const at = dueAt[s] as number;
      if (at >= end) continue;
      const place = at < start ? 1 : Math.floor((at - start) / 100) + 1;
      const to = begins[place] as number;
      this.#sorted[to] = s;
      begins[place] = to + 1;
    }
  }

  /** Calls for each who is due in a second of the step, and for who becomes so meanwhile. */
  each(second: number, call: (subscriber: number, cell: number) => void): void {
    const { cell, next } = this.#subscribers;
    const end = this.#begins[second + 1] as number;
    for (let from = this.#begins[second] as number; from < end; from += TOGETHER) {
      const to = Math.min(end, from + TOGETHER);
      for (let i = from; i < to; i++) this.#cells[i - from] = cell[HALVES * (this.#sorted[i] as number)] as number;
      for (let i = from; i < to; i++) call(this.#sorted[i] as number, this.#cells[i - from] as number);
    }
    for (let s = this.#again[second] as number; s !== NOBODY; s = this.#again[second] as number) {
      this.#again[second] = next[WORDS * s] as number;
      call(s, cell[HALVES * s] as number);
    }
  }

  /** Chains one who becomes due in a second of the step that has not passed. */
  add(second: number, subscriber: number): void {
    this.#subscribers.next[WORDS * subscriber] = this.#again[second] as number;
    this.#again[second] = subscriber;
  }
}
