import { Buckets } from "./buckets.ts";
import { hashOf } from "./keys.ts";
import { highOf, joinMoment } from "./moments.ts";
import { Records } from "./records.ts";
import type { Resets } from "./resets.ts";

// Words of a session, which is one line of the cache: a look-up that ends here reads no other.
export const KEY_LOW = 0;
export const KEY_HIGH = 1;
export const SUBSCRIBER_LOW = 2;
export const SUBSCRIBER_HIGH = 3;
export const BEGIN = 4;
export const END = 5;
/** High bits of begin and end (8 each), number of its place (16). */
export const HIGHS_PLACE = 6;
/** Number of its NAS (16), state (16). */
export const NAS_STATE = 7;
export const NEXT_SESSION = 8;
/** What each of its holdings is, see WHAT_BITS; of a LISTED session the first of its list. */
export const HELD = 9;
/** Keys of its holdings, two words each, high first. */
export const HELD_KEYS = 10;
export const SESSION_WORDS = 16;

/** Holdings a session has room for in its record. */
export const HELD_IN_RECORD = 3;
/** Bits of a holding in HELD: class of its key plus one (5), its kind (2); 0 where there is none. */
export const WHAT_BITS = 7;
export const WHAT_MASK = (1 << WHAT_BITS) - 1;
export const KIND_BITS = 2;

// Bits of a session's word NAS_STATE.
export const USED = 1 << 16;
/** Its Start was seen: that tells when it began. */
export const STARTED = 1 << 17;
/** Its holdings have times of their own, or are more than its record has room for: they are a list. */
export const LISTED = 1 << 18;

/** As many as an entry of TagIndex has room for. */
export const MAX_SESSIONS = 2 ** 26 - 1;
/** Sessions a bucket at most, on average. */
const SESSIONS_A_BUCKET = 4;

/** Sessions as records of flat memory, found by their names. */
export class SessionRecords {
  readonly records = new Records(SESSION_WORDS);
  /** Subscribers under the next key; only as far as there are any. */
  readonly next = new Records(2);
  count = 0;
  /** First sessions of chains by name. */
  readonly #heads = new Records(1);
  readonly #buckets: Buckets;
  readonly #resets: Resets;
  readonly #salt: number;
  #free = 0;

  constructor(slots: number, resets: Resets, salt: number) {
    this.#buckets = new Buckets(Math.max(16, slots / SESSIONS_A_BUCKET));
    this.#heads.reach(this.#buckets.count - 1);
    this.#resets = resets;
    this.#salt = salt;
  }

  get bytes(): number {
    return this.records.bytes + this.next.bytes + this.#heads.bytes;
  }

  /** Of the sessions of a name, the one that was going on at a moment: the last that began before it. */
  incarnation(keyLow: number, keyHigh: number, at: number): number {
    const { words } = this.records;
    const bucket = this.#buckets.of(hashOf(keyLow, keyHigh, this.#salt));
    let best = 0;
    let bestBegin = 0;
    for (let session = this.#heads.words[bucket] as number; session !== 0; ) {
      const place = session * SESSION_WORDS;
      if (words[place + KEY_LOW] === keyLow && words[place + KEY_HIGH] === keyHigh) {
        const begin = this.begin(session);
        const better = best === 0 || (bestBegin > at ? begin < bestBegin : begin <= at && begin > bestBegin);
        if (better) {
          best = session;
          bestBegin = begin;
        }
      }
      session = words[place + NEXT_SESSION] as number;
    }
    return best;
  }

  /** A new session of a name, of a NAS, from a moment to another. */
  create(keyLow: number, keyHigh: number, nas: number, begin: number, end: number): number {
    let session = this.#free;
    if (session !== 0) this.#free = this.word(session, NEXT_SESSION);
    else session = this.records.take();
    const { words } = this.records;
    const place = session * SESSION_WORDS;
    for (let word = 0; word < SESSION_WORDS; word++) words[place + word] = 0;
    words[place + KEY_LOW] = keyLow;
    words[place + KEY_HIGH] = keyHigh;
    words[place + NAS_STATE] = nas | USED;
    this.setBegin(session, begin);
    this.setEnd(session, end);
    this.#chain(session, hashOf(keyLow, keyHigh, this.#salt));
    if (++this.count > this.#buckets.count * SESSIONS_A_BUCKET) this.#split();
    return session;
  }

  /** Forgets a session; what it holds is not its business. */
  remove(session: number): void {
    const hash = hashOf(this.word(session, KEY_LOW), this.word(session, KEY_HIGH), this.#salt);
    const next = this.word(session, NEXT_SESSION);
    const bucket = this.#buckets.of(hash);
    let before = this.#heads.words[bucket] as number;
    if (before === session) this.#heads.words[bucket] = next;
    else {
      while (this.word(before, NEXT_SESSION) !== session) before = this.word(before, NEXT_SESSION);
      this.setWord(before, NEXT_SESSION, next);
    }
    this.setWord(session, NAS_STATE, 0);
    this.setWord(session, NEXT_SESSION, this.#free);
    this.#free = session;
    this.count--;
  }

  #chain(session: number, hash: number): void {
    const bucket = this.#buckets.of(hash);
    this.setWord(session, NEXT_SESSION, this.#heads.words[bucket] as number);
    this.#heads.words[bucket] = session;
  }

  #split(): void {
    const from = this.#buckets.split();
    this.#heads.reach(this.#buckets.count - 1);
    let session = this.#heads.words[from] as number;
    this.#heads.words[from] = 0;
    while (session !== 0) {
      const next = this.word(session, NEXT_SESSION);
      this.#chain(session, hashOf(this.word(session, KEY_LOW), this.word(session, KEY_HIGH), this.#salt));
      session = next;
    }
  }

  /** Who it is under the key in force, and under the next one where that is told; low words first. */
  setSubscriber(session: number, low: number, high: number): void {
    this.setWord(session, SUBSCRIBER_LOW, low);
    this.setWord(session, SUBSCRIBER_HIGH, high);
  }

  /** Who it is under the key that is in force from the rotation on. */
  setNextSubscriber(session: number, low: number, high: number): void {
    this.next.reach(session);
    this.next.words[session * 2] = low;
    this.next.words[session * 2 + 1] = high;
  }

  /** Whether it was told who it is. */
  isTold(session: number): boolean {
    return (this.word(session, SUBSCRIBER_LOW) | this.word(session, SUBSCRIBER_HIGH)) !== 0;
  }

  /** Writes who it is, under the next key where `rotated`, to `out`, low word first. */
  subscriber(session: number, rotated: boolean, out: Uint32Array, at: number): void {
    const isNext = rotated && session * 2 < this.next.words.length;
    const from = isNext ? this.next.words : this.records.words;
    const place = isNext ? session * 2 : session * SESSION_WORDS + SUBSCRIBER_LOW;
    out[at] = from[place] as number;
    out[at + 1] = from[place + 1] as number;
  }

  /** One word of its record. */
  word(session: number, word: number): number {
    return this.records.words[session * SESSION_WORDS + word] as number;
  }

  setWord(session: number, word: number, value: number): void {
    this.records.words[session * SESSION_WORDS + word] = value;
  }

  /** Number of its NAS and bits of its state. */
  state(session: number): number {
    return this.word(session, NAS_STATE);
  }

  setState(session: number, bits: number): void {
    this.setWord(session, NAS_STATE, this.state(session) | bits);
  }

  /** The number of its place, see Places. */
  place(session: number): number {
    return this.word(session, HIGHS_PLACE) >>> 16;
  }

  setPlace(session: number, place: number): void {
    this.setWord(session, HIGHS_PLACE, (this.word(session, HIGHS_PLACE) & 0xffff) | (place << 16));
  }

  /** When it began. */
  begin(session: number): number {
    return joinMoment(this.word(session, BEGIN), this.word(session, HIGHS_PLACE) & 0xff);
  }

  setBegin(session: number, moment: number): void {
    this.setWord(session, BEGIN, moment);
    const others = this.word(session, HIGHS_PLACE) & ~0xff;
    this.setWord(session, HIGHS_PLACE, others | highOf(moment));
  }

  /** When its own events say that it ended. */
  ownEnd(session: number): number {
    return joinMoment(this.word(session, END), (this.word(session, HIGHS_PLACE) >>> 8) & 0xff);
  }

  setEnd(session: number, moment: number): void {
    this.setWord(session, END, moment);
    const others = this.word(session, HIGHS_PLACE) & ~0xff00;
    this.setWord(session, HIGHS_PLACE, others | (highOf(moment) << 8));
  }

  /** When it ended, by its own events or by its NAS; OPEN where it did not. */
  end(session: number): number {
    return this.#resets.endOf(this.state(session) & 0xffff, this.begin(session), this.ownEnd(session));
  }
}
