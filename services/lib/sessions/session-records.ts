import { BucketIndex } from "./bucket-index.ts";
import { hashOf } from "./keys.ts";
import { highOf, joinMoment } from "./moments.ts";
import type { Resets } from "./resets.ts";
import { recordOf, Segments, segmentOf } from "./segments.ts";

// Words of a session.
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
export const FIRST_HOLDING = 9;
export const SESSION_WORDS = 10;

// Bits of a session's word NAS_STATE.
export const USED = 1 << 16;
/** Its Start was seen: that tells when it began. */
export const STARTED = 1 << 17;
/** Its holdings have times of their own, and are a list; else they are a block of COUNT. */
export const LISTED = 1 << 18;
export const COUNT_SHIFT = 19;
export const COUNT_MASK = 7 << COUNT_SHIFT;

/** As many as a holding's word has room for. */
export const MAX_SESSIONS = 2 ** 26 - 1;
/** Sessions a bucket at most, on average. */
const SESSIONS_A_BUCKET = 4;

/** Sessions as records of flat memory, found by their names. */
export class SessionRecords {
  readonly records = new Segments(SESSION_WORDS);
  /** Subscribers under the next key; only as far as there are any. */
  readonly next = new Segments(2);
  count = 0;
  readonly #index: BucketIndex;
  readonly #resets: Resets;
  readonly #salt: number;
  #free = 0;

  constructor(slots: number, resets: Resets, salt: number) {
    this.#index = new BucketIndex(slots / SESSIONS_A_BUCKET);
    this.#resets = resets;
    this.#salt = salt;
  }

  get bytes(): number {
    return this.records.bytes + this.next.bytes + this.#index.bytes;
  }

  /** Of the sessions of a name, the one that was going on at a moment: the last that began before it. */
  incarnation(keyLow: number, keyHigh: number, at: number): number {
    const bucket = this.#index.bucketOf(hashOf(keyLow, keyHigh, this.#salt));
    let best = 0;
    let bestBegin = 0;
    for (let session = this.#index.head(bucket); session !== 0; ) {
      const words = this.records.segments[segmentOf(session)] as Uint32Array;
      const place = recordOf(session) * SESSION_WORDS;
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
    else session = this.records.take(1);
    const words = this.records.segments[segmentOf(session)] as Uint32Array;
    const place = recordOf(session) * SESSION_WORDS;
    words.fill(0, place, place + SESSION_WORDS);
    words[place + KEY_LOW] = keyLow;
    words[place + KEY_HIGH] = keyHigh;
    words[place + NAS_STATE] = nas | USED;
    this.setBegin(session, begin);
    this.setEnd(session, end);
    const bucket = this.#index.bucketOf(hashOf(keyLow, keyHigh, this.#salt));
    words[place + NEXT_SESSION] = this.#index.head(bucket);
    this.#index.setHead(bucket, session);
    if (++this.count > this.#index.buckets * SESSIONS_A_BUCKET) this.#split();
    return session;
  }

  /** Forgets a session; what it holds is not its business. */
  remove(session: number): void {
    const hash = hashOf(this.word(session, KEY_LOW), this.word(session, KEY_HIGH), this.#salt);
    const next = this.word(session, NEXT_SESSION);
    const bucket = this.#index.bucketOf(hash);
    let before = this.#index.head(bucket);
    if (before === session) this.#index.setHead(bucket, next);
    else {
      while (this.word(before, NEXT_SESSION) !== session) before = this.word(before, NEXT_SESSION);
      this.setWord(before, NEXT_SESSION, next);
    }
    this.setWord(session, NAS_STATE, 0);
    this.setWord(session, NEXT_SESSION, this.#free);
    this.#free = session;
    this.count--;
  }

  #split(): void {
    const from = this.#index.split();
    let session = this.#index.head(from);
    this.#index.setHead(from, 0);
    while (session !== 0) {
      const next = this.word(session, NEXT_SESSION);
      const hash = hashOf(this.word(session, KEY_LOW), this.word(session, KEY_HIGH), this.#salt);
      const bucket = this.#index.bucketOf(hash);
      this.setWord(session, NEXT_SESSION, this.#index.head(bucket));
      this.#index.setHead(bucket, session);
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
    const next = this.next.segments[segmentOf(session)] as Uint32Array;
    next[recordOf(session) * 2] = low;
    next[recordOf(session) * 2 + 1] = high;
  }

  /** Whether it was told who it is. */
  isTold(session: number): boolean {
    return (this.word(session, SUBSCRIBER_LOW) | this.word(session, SUBSCRIBER_HIGH)) !== 0;
  }

  /** Writes who it is, under the next key where `rotated`, to `out`, low word first. */
  subscriber(session: number, rotated: boolean, out: Uint32Array, at: number): void {
    const next = rotated ? this.next.segments[segmentOf(session)] : undefined;
    const place = recordOf(session) * 2;
    out[at] = next ? (next[place] as number) : this.word(session, SUBSCRIBER_LOW);
    out[at + 1] = next ? (next[place + 1] as number) : this.word(session, SUBSCRIBER_HIGH);
  }

  /** One word of its record. */
  word(session: number, word: number): number {
    const words = this.records.segments[segmentOf(session)] as Uint32Array;
    return words[recordOf(session) * SESSION_WORDS + word] as number;
  }

  setWord(session: number, word: number, value: number): void {
    const words = this.records.segments[segmentOf(session)] as Uint32Array;
    words[recordOf(session) * SESSION_WORDS + word] = value;
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
