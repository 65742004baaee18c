/** Slots that may hold one flow. They lie word by word, so that a set is two lines of the cache. */
const WAYS = 8;
const HIGH = WAYS;
const OWNER = 2 * WAYS;
const TIME = 3 * WAYS;
const SET_WORDS = 4 * WAYS;
const WASM_PAGE_BYTES = 65_536;
/** Moments are kept in 32 bits of this unit: a year passes before they come round. */
const TICK_MS = 8;
const MOST_TICKS = 2 ** 31 - 1;

/**
 * Which flows were seen a moment ago, and by whom. One flow passes several routers and each exports it;
 * it counts where it was seen first, its owner, until the owner has been silent for the window. Records
 * of the owner always count: an active timeout splits a flow into several.
 *
 * A flow's entry holds its owner and the owner's type of observation point. Owners at other types have
 * entries of their own in the same set, so that most flows take one slot. Slots are bounded; an
 * entry that is forgotten while fresh is counted in `evictions`. A slot is 16 bytes. Time is told to 8 ms.
 */
export class Repeats {
  readonly #windowTicks: number;
  readonly #words: Uint32Array;
  readonly #setMask: number;
  /** Entries forgotten while they were fresh. */
  evictions = 0;
  /** Keeps the engine from leaving out reads whose only end is the cache. */
  touched = 0;

  /** `slots` is rounded up to a power of two of at least 8. */
  constructor(windowMs: number, slots: number) {
    const sets = 2 ** Math.ceil(Math.log2(Math.max(slots, WAYS) / WAYS));
    const bytes = sets * SET_WORDS * Uint32Array.BYTES_PER_ELEMENT;
    this.#windowTicks = Math.min(Math.ceil(windowMs / TICK_MS), MOST_TICKS);
    // Memory of WebAssembly begins at a page, so that a set is two lines and not three.
    const { buffer } = new WebAssembly.Memory({ initial: Math.ceil(bytes / WASM_PAGE_BYTES) });
    this.#words = new Uint32Array(buffer, 0, sets * SET_WORDS);
    this.#setMask = sets - 1;
  }

  /** Reads the sets of hashes that are about to be sighted, none waiting for another: lines are fetched side by side. */
  touch(low: Uint32Array, count: number): void {
    const words = this.#words;
    let touched = 0;
    for (let n = 0; n < count; n++) {
      const begin = ((low[n] as number) & this.#setMask) * SET_WORDS;
      touched |= (words[begin] as number) | (words[begin + OWNER] as number);
    }
    this.touched = touched;
  }

  /**
   * Takes note of a record: 2 where the flow belongs to its owner's type of observation point (0 to
   * 15) and the record is the owner's; 1 where it is the owner's at another type; 0 for a repeat.
   * `owner` is a hash of the exporter and the direction it metered. Bench: bench.ts.
   */
  sight(low: number, high: number, owner: number, point: number, nowMs: number): 0 | 1 | 2 {
    const now = Math.floor(nowMs / TICK_MS) | 0;
    const holder = ((owner & ~15) | point) >>> 0;
    const pointHigh = (high ^ Math.imul(point + 1, 0x85ebca6b)) >>> 0;
    const words = this.#words;
    const begin = (low & this.#setMask) * SET_WORDS;
    let first = -1;
    let second = -1;
    for (let at = begin; at < begin + WAYS; at++) {
      if (words[at] !== low || words[at + TIME] === 0) continue;
      const its = words[at + HIGH];
      if (its === high) first = at;
      else if (its === pointHigh) second = at;
    }
    const firstFresh = first >= 0 && this.#isFresh(first, now);
    if (firstFresh && ((this.#words[first + OWNER] as number) & 15) === point) {
      if (this.#words[first + OWNER] !== holder) return 0;
      // A late record does not make its flow older.
      if (this.#age(first, now) > 0) this.#setSeen(first, now);
      return 2;
    }
    if (second >= 0 && this.#isFresh(second, now) && this.#words[second + OWNER] !== holder) return 0;
    if (firstFresh) {
      this.#write(second >= 0 ? second : this.#victim(begin, now), low, pointHigh, holder, now);
      return 1;
    }
    this.#write(first >= 0 ? first : this.#victim(begin, now), low, high, holder, now);
    return 2;
  }

  /** Ticks since a slot was seen, within half a round of the clock. */
  #age(at: number, now: number): number {
    return (now - (this.#words[at + TIME] as number)) | 0;
  }

  #isFresh(at: number, now: number): boolean {
    return this.#age(at, now) < this.#windowTicks;
  }

  /** An empty slot of a set, or the one whose owner has been silent longest. */
  #victim(begin: number, now: number): number {
    const words = this.#words;
    let oldest = begin;
    let age = -MOST_TICKS;
    for (let at = begin; at < begin + WAYS; at++) {
      const seen = words[at + TIME] as number;
      if (seen === 0) return at;
      const its = (now - seen) | 0;
      if (its <= age) continue;
      oldest = at;
      age = its;
    }
    if (age < this.#windowTicks) this.evictions++;
    return oldest;
  }

  #write(at: number, low: number, high: number, holder: number, now: number): void {
    this.#words[at] = low;
    this.#words[at + HIGH] = high;
    this.#words[at + OWNER] = holder;
    this.#setSeen(at, now);
  }

  /** Zero is an empty slot, so the one moment that is zero is told as the next. */
  #setSeen(at: number, now: number): void {
    this.#words[at + TIME] = now === 0 ? 1 : now;
  }
}
