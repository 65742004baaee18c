/** Slots that may hold one flow. They lie word by word, so that a search reads one cache line. */
const WAYS = 8;
const HIGH = WAYS;
const OWNER = 2 * WAYS;
const TIME_LOW = 3 * WAYS;
const TIME_HIGH = 4 * WAYS;
const SET_WORDS = 5 * WAYS;
const TWO_32 = 4_294_967_296;

/**
 * Which flows were seen a moment ago, and by whom. One flow passes several routers and each exports it;
 * it counts where it was seen first, its owner, until the owner has been silent for the window. Records
 * of the owner always count: an active timeout splits a flow into several.
 *
 * A flow's entry holds its owner and the owner's type of observation point. Owners at other types have
 * entries of their own in the same set, so that most flows take one slot. Slots are bounded; an
 * entry that is forgotten while fresh is counted in `evictions`. A slot is 20 bytes.
 */
export class Repeats {
  readonly #windowMs: number;
  readonly #words: Uint32Array;
  readonly #setMask: number;
  /** Entries forgotten while they were fresh. */
  evictions = 0;

  /** `slots` is rounded up to a power of two of at least 8. */
  constructor(windowMs: number, slots: number) {
    const sets = 2 ** Math.ceil(Math.log2(Math.max(slots, WAYS) / WAYS));
    this.#windowMs = windowMs;
    this.#words = new Uint32Array(sets * SET_WORDS);
    this.#setMask = sets - 1;
  }

  /**
   * Takes note of a record: 2 where the flow belongs to its owner's type of observation point (0 to
   * 15) and the record is the owner's; 1 where it is the owner's at another type; 0 for a repeat.
   * `owner` is a hash of the exporter and the direction it metered. Bench: bench.ts.
   */
  sight(low: number, high: number, owner: number, point: number, nowMs: number): 0 | 1 | 2 {
    const holder = ((owner & ~15) | point) >>> 0;
    const first = this.#find(low, high);
    const firstFresh = first >= 0 && this.#isFresh(first, nowMs);
    if (firstFresh && ((this.#words[first + OWNER] as number) & 15) === point) {
      if (this.#words[first + OWNER] !== holder) return 0;
      // A late record does not make its flow older.
      if (nowMs > this.#seenAtMs(first)) this.#setSeenAt(first, nowMs);
      return 2;
    }
    const pointHigh = (high ^ Math.imul(point + 1, 0x85ebca6b)) >>> 0;
    const second = this.#find(low, pointHigh);
    if (second >= 0 && this.#isFresh(second, nowMs) && this.#words[second + OWNER] !== holder) return 0;
    if (firstFresh) {
      this.#write(second >= 0 ? second : this.#victim(low, nowMs), low, pointHigh, holder, nowMs);
      return 1;
    }
    this.#write(first >= 0 ? first : this.#victim(low, nowMs), low, high, holder, nowMs);
    return 2;
  }

  /** The slot of a hash; -1 when it has none. */
  #find(low: number, high: number): number {
    const words = this.#words;
    const begin = (low & this.#setMask) * SET_WORDS;
    for (let at = begin; at < begin + WAYS; at++)
      if (words[at] === low && words[at + HIGH] === high && this.#seenAtMs(at) > 0) return at;
    return -1;
  }

  #seenAtMs(at: number): number {
    return (this.#words[at + TIME_HIGH] as number) * TWO_32 + (this.#words[at + TIME_LOW] as number);
  }

  #isFresh(at: number, nowMs: number): boolean {
    return nowMs - this.#seenAtMs(at) < this.#windowMs;
  }

  /** An empty slot of the hash's set, or the one whose owner has been silent longest. */
  #victim(low: number, nowMs: number): number {
    const begin = (low & this.#setMask) * SET_WORDS;
    let oldest = begin;
    for (let at = begin; at < begin + WAYS; at++) if (this.#seenAtMs(at) < this.#seenAtMs(oldest)) oldest = at;
    if (this.#seenAtMs(oldest) > 0 && this.#isFresh(oldest, nowMs)) this.evictions++;
    return oldest;
  }

  #write(at: number, low: number, high: number, holder: number, nowMs: number): void {
    this.#words[at] = low;
    this.#words[at + HIGH] = high;
    this.#words[at + OWNER] = holder;
    this.#setSeenAt(at, nowMs);
  }

  #setSeenAt(at: number, nowMs: number): void {
    this.#words[at + TIME_LOW] = nowMs % TWO_32;
    this.#words[at + TIME_HIGH] = nowMs / TWO_32;
  }
}
