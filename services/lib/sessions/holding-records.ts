import { BucketIndex } from "./bucket-index.ts";
import { hashOf, PUBLIC_V4 } from "./keys.ts";
import { highOf, joinMoment } from "./moments.ts";
import { recordOf, Segments, segmentOf } from "./segments.ts";
import { LISTED, type SessionRecords } from "./session-records.ts";

// Words of a holding.
export const HIGH = 0;
/** Of a public IPv4 address its block of ports, last (16) and first (16); of a private one its network. */
export const LOW = 1;
/** Number of its session (26), class of its key (4), its kind (2); 0 where the record is free. */
export const OWNER = 2;
export const NEXT_HOLDING = 3;
export const HOLDING_WORDS = 4;
export const SESSION_MASK = (1 << 26) - 1;
export const CLASS_SHIFT = 26;
export const KIND_SHIFT = 30;

// Words of the record of times, which follows a holding of a list.
export const OWN_BEGIN = 0;
export const OWN_END = 1;
/** High bits of begin and end (8 each); OF_SESSION where it began with its session. */
export const OWN_HIGHS = 2;
export const SIBLING = 3;
export const OF_SESSION = 1 << 16;

/** Holdings a bucket at most, on average: fewer cost memory, more cost look-ups. */
const HOLDINGS_A_BUCKET = 2;

/** What sessions hold, as records of flat memory in chains by key. */
export class HoldingRecords {
  readonly records = new Segments(HOLDING_WORDS);
  readonly index: BucketIndex;
  /** Holdings by kind. */
  readonly kinds = [0, 0, 0, 0];
  count = 0;
  readonly #sessions: SessionRecords;
  readonly #salt: number;
  /** Blocks of n records that were given back, by n. */
  readonly #freeBlocks = [0, 0, 0, 0, 0];

  constructor(slots: number, sessions: SessionRecords, salt: number) {
    this.index = new BucketIndex(slots / HOLDINGS_A_BUCKET);
    this.#sessions = sessions;
    this.#salt = salt;
  }

  get bytes(): number {
    return this.records.bytes + this.index.bytes;
  }

  /** The hash of a holding's key; ports are no part of it. */
  hash(high: number, low: number, owner: number): number {
    const keyClass = (owner >>> CLASS_SHIFT) & 15;
    return hashOf(high, keyClass === PUBLIC_V4 ? 0 : low, this.#salt + keyClass);
  }

  /** Writes a holding down and files it under its key. */
  link(holding: number, high: number, low: number, owner: number): void {
    const words = this.records.segments[segmentOf(holding)] as Uint32Array;
    const place = recordOf(holding) * HOLDING_WORDS;
    const bucket = this.index.bucketOf(this.hash(high, low, owner));
    words[place + HIGH] = high;
    words[place + LOW] = low;
    words[place + OWNER] = owner;
    words[place + NEXT_HOLDING] = this.index.head(bucket);
    this.index.setHead(bucket, holding);
    (this.kinds[owner >>> KIND_SHIFT] as number) += 1;
    if (++this.count > this.index.buckets * HOLDINGS_A_BUCKET) this.#split();
  }

  /** Takes a holding out of the chain of its key; its record is free. */
  unlink(holding: number): void {
    const owner = this.word(holding, OWNER);
    const hash = this.hash(this.word(holding, HIGH), this.word(holding, LOW), owner);
    const next = this.word(holding, NEXT_HOLDING);
    const bucket = this.index.bucketOf(hash);
    let before = this.index.head(bucket);
    if (before === holding) this.index.setHead(bucket, next);
    else {
      while (this.word(before, NEXT_HOLDING) !== holding) before = this.word(before, NEXT_HOLDING);
      this.setWord(before, NEXT_HOLDING, next);
    }
    this.setWord(holding, OWNER, 0);
    (this.kinds[owner >>> KIND_SHIFT] as number) -= 1;
    this.count--;
  }

  #split(): void {
    const from = this.index.split();
    let holding = this.index.head(from);
    this.index.setHead(from, 0);
    while (holding !== 0) {
      const next = this.word(holding, NEXT_HOLDING);
      const hash = this.hash(this.word(holding, HIGH), this.word(holding, LOW), this.word(holding, OWNER));
      const bucket = this.index.bucketOf(hash);
      this.setWord(holding, NEXT_HOLDING, this.index.head(bucket));
      this.index.setHead(bucket, holding);
      holding = next;
    }
  }

  /** Gives records of consecutive numbers. */
  takeBlock(count: number): number {
    const free = this.#freeBlocks[count] as number;
    if (free === 0) return this.records.take(count);
    this.#freeBlocks[count] = this.word(free, NEXT_HOLDING);
    return free;
  }

  /** Takes such records back. */
  freeBlock(block: number, count: number): void {
    this.setWord(block, NEXT_HOLDING, this.#freeBlocks[count] as number);
    this.#freeBlocks[count] = block;
  }

  /** One word of a record. */
  word(holding: number, word: number): number {
    const words = this.records.segments[segmentOf(holding)] as Uint32Array;
    return words[recordOf(holding) * HOLDING_WORDS + word] as number;
  }

  setWord(holding: number, word: number, value: number): void {
    const words = this.records.segments[segmentOf(holding)] as Uint32Array;
    words[recordOf(holding) * HOLDING_WORDS + word] = value;
  }

  /** When a holding begins: with its session, or of its own. */
  begin(holding: number, session: number): number {
    const begin = this.#sessions.begin(session);
    if ((this.#sessions.state(session) & LISTED) === 0) return begin;
    return this.word(holding + 1, OWN_HIGHS) & OF_SESSION ? begin : this.timesBegin(holding);
  }

  /** When a holding ends: with its session at the latest. */
  end(holding: number): number {
    const session = this.word(holding, OWNER) & SESSION_MASK;
    const end = this.#sessions.end(session);
    return this.#sessions.state(session) & LISTED ? Math.min(end, this.timesEnd(holding)) : end;
  }

  /** When a holding of a list says that it began, where not with its session. */
  timesBegin(holding: number): number {
    return joinMoment(this.word(holding + 1, OWN_BEGIN), this.word(holding + 1, OWN_HIGHS) & 0xff);
  }

  /** When a holding of a list ended before its session; OPEN where it did not. */
  timesEnd(holding: number): number {
    return joinMoment(this.word(holding + 1, OWN_END), (this.word(holding + 1, OWN_HIGHS) >>> 8) & 0xff);
  }

  setTimesEnd(holding: number, moment: number): void {
    this.setWord(holding + 1, OWN_END, moment);
    const others = this.word(holding + 1, OWN_HIGHS) & ~0xff00;
    this.setWord(holding + 1, OWN_HIGHS, others | (highOf(moment) << 8));
  }

  setTimes(holding: number, begin: number, end: number, ofSession: boolean): void {
    this.setWord(holding + 1, OWN_BEGIN, begin);
    this.setWord(holding + 1, OWN_END, end);
    this.setWord(holding + 1, OWN_HIGHS, highOf(begin) | (highOf(end) << 8) | (ofSession ? OF_SESSION : 0));
  }
}
