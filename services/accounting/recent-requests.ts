const SLOTS_FIRST = 4_096;
/** Of each of the two generations: 9.4 MB at most. */
const SLOTS_MAX = 1_048_576;

const FREE = 0;
const PENDING = 1;
const ANSWERED = 2;

export type RequestState = "new" | "pending" | "answered";

/** Open addressing over keys of 64 bits that are as good as random; never more than half full. */
class Generation {
  keys = new Uint32Array(2 * SLOTS_FIRST);
  states = new Uint8Array(SLOTS_FIRST);
  used = 0;

  /** Slot of a key, or the free slot it would take. */
  slot(low: number, high: number): number {
    const mask = this.states.length - 1;
    let slot = low & mask;
    while (this.states[slot] !== FREE && (this.keys[2 * slot] !== low || this.keys[2 * slot + 1] !== high))
      slot = (slot + 1) & mask;
    return slot;
  }

  put(low: number, high: number, state: number): void {
    const slot = this.slot(low, high);
    if (this.states[slot] === FREE) this.used++;
    this.keys[2 * slot] = low;
    this.keys[2 * slot + 1] = high;
    this.states[slot] = state;
  }

  get isFull(): boolean {
    return this.used * 2 >= this.states.length;
  }

  grow(): void {
    const { keys, states } = this;
    this.keys = new Uint32Array(keys.length * 2);
    this.states = new Uint8Array(states.length * 2);
    this.used = 0;
    for (let slot = 0; slot < states.length; slot++)
      if (states[slot] !== FREE)
        this.put(keys[2 * slot] as number, keys[2 * slot + 1] as number, states[slot] as number);
  }

  clear(): void {
    this.states.fill(FREE);
    this.used = 0;
  }
}

/**
 * Requests of the last moments, so that one sent again is known. In two generations: a request is remembered
 * for the window and at most twice as long. Beyond 524,288 requests a window the older ones are forgotten
 * early, and one of them that is sent again is taken for new: its event is the same and stored once.
 */
export class RecentRequests {
  readonly #windowMs: number;
  #current = new Generation();
  #previous = new Generation();
  #turnAtMs = 0;
  #turns = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Generations forgotten before their time. */
  get earlyTurns(): number {
    return this.#turns;
  }

  state(low: number, high: number, nowMs: number): RequestState {
    if (nowMs >= this.#turnAtMs) this.#turn(nowMs);
    for (const generation of [this.#current, this.#previous]) {
      const state = generation.states[generation.slot(low, high)];
      if (state !== FREE) return state === PENDING ? "pending" : "answered";
    }
    return "new";
  }

  /** Remembers a request that is being taken in. */
  add(low: number, high: number, nowMs: number): void {
    if (this.#current.isFull) {
      if (this.#current.states.length < SLOTS_MAX) this.#current.grow();
      else {
        this.#turns++;
        this.#turn(nowMs);
      }
    }
    this.#current.put(low, high, PENDING);
  }

  /** Marks a request that is remembered as answered. */
  answered(low: number, high: number): void {
    for (const generation of [this.#current, this.#previous]) {
      const slot = generation.slot(low, high);
      if (generation.states[slot] !== FREE) generation.states[slot] = ANSWERED;
    }
  }

  #turn(nowMs: number): void {
    const idle = nowMs >= this.#turnAtMs + this.#windowMs;
    [this.#current, this.#previous] = [this.#previous, this.#current];
    this.#current.clear();
    // After a pause of a whole window nothing is recent.
    if (idle) this.#previous.clear();
    this.#turnAtMs = nowMs + this.#windowMs;
  }
}
