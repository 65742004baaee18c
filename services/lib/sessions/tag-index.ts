import { Buckets } from "./buckets.ts";
import { Records } from "./records.ts";

// Words of a line.
/** Bits 24 to 31 of the hashes, a byte an entry. */
export const TAGS = 0;
/** Number of the line of `spill` that goes on with this one; 0 where there is none. */
export const SPILL = 3;
/** Bits 18 to 23 of the hash (6), number of the session (26); 0 where there is no entry. */
export const ENTRIES = 4;
export const ENTRIES_A_LINE = 12;
export const LINE_WORDS = 16;

const LAST_ENTRY = ENTRIES + ENTRIES_A_LINE - 1;
export const ID_MASK = (1 << 26) - 1;

/** Entries a bucket at most, on average: fewer cost memory, more spill. */
const ENTRIES_A_BUCKET = 8;
const LOW_BITS = 18;
/** With so many at least, a bucket's number and an entry's 14 bits are the whole hash: growth asks no session. */
const LEAST_BUCKETS = 2 ** LOW_BITS;

/** The word of an entry. */
const entryOf = (hash: number, id: number): number => (((hash << 8) & ~ID_MASK) | id) >>> 0;

/** Whether an entry whose tag is that of a hash may be of it. */
export const isOfHash = (entry: number, hash: number): boolean => ((entry ^ (hash << 8)) & ~ID_MASK) === 0;

const tagAt = (words: Uint32Array, at: number, slot: number): number =>
  ((words[at + TAGS + (slot >>> 2)] as number) >>> ((slot & 3) * 8)) & 0xff;

function setEntry(words: Uint32Array, at: number, slot: number, tag: number, entry: number): void {
  const word = at + TAGS + (slot >>> 2);
  const shift = (slot & 3) * 8;
  words[word] = ((words[word] as number) & ~(0xff << shift)) | (tag << shift);
  words[at + ENTRIES + slot] = entry;
}

/** Where in a line an entry is; -1 where it is not. */
function slotOf(words: Uint32Array, at: number, tag: number, entry: number): number {
  for (let slot = 0; slot < ENTRIES_A_LINE; slot++)
    if (words[at + ENTRIES + slot] === entry && tagAt(words, at, slot) === tag) return slot;
  return -1;
}

/** How many entries a line has; they are in front. */
function entriesIn(words: Uint32Array, at: number): number {
  let count = 0;
  while (count < ENTRIES_A_LINE && words[at + ENTRIES + count] !== 0) count++;
  return count;
}

/**
 * Numbers of sessions by hashes of what they hold. A bucket is a line of the cache with room for twelve entries, told
 * apart by bits of their hashes, so that most looking up asks one line here and one of the session.
 */
export class TagIndex {
  readonly buckets: Buckets;
  /** Line b is bucket b. */
  readonly lines = new Records(LINE_WORDS);
  /** Lines of buckets that are full; only the last of a bucket has room. */
  readonly spill = new Records(LINE_WORDS);
  count = 0;
  #freeSpill = 0;
  readonly #hashes: number[] = [];
  readonly #ids: number[] = [];

  constructor(entries: number) {
    this.buckets = new Buckets(Math.max(LEAST_BUCKETS, entries / ENTRIES_A_BUCKET));
    this.lines.reach(this.buckets.count - 1);
  }

  get bytes(): number {
    return this.lines.bytes + this.spill.bytes;
  }

  /** Files a session under a hash. */
  add(hash: number, id: number): void {
    this.#put(hash, id);
    if (++this.count > this.buckets.count * ENTRIES_A_BUCKET) this.#split();
  }

  #put(hash: number, id: number): void {
    let { words } = this.lines;
    let at = this.buckets.of(hash) * LINE_WORDS;
    while (words[at + LAST_ENTRY] !== 0) {
      if (words[at + SPILL] === 0) words[at + SPILL] = this.#takeSpill();
      at = (words[at + SPILL] as number) * LINE_WORDS;
      words = this.spill.words;
    }
    setEntry(words, at, entriesIn(words, at), hash >>> 24, entryOf(hash, id));
  }

  /** Takes out a session that is filed under a hash; of several entries alike, one. */
  remove(hash: number, id: number): void {
    const entry = entryOf(hash, id);
    const tag = hash >>> 24;
    let { words } = this.lines;
    let at = this.buckets.of(hash) * LINE_WORDS;
    let slot = slotOf(words, at, tag, entry);
    let before = at;
    let beforeWords = words;
    while (slot < 0) {
      [before, beforeWords] = [at, words];
      at = (words[at + SPILL] as number) * LINE_WORDS;
      words = this.spill.words;
      slot = slotOf(words, at, tag, entry);
    }
    // The bucket's last entry takes its place.
    let tail = at;
    let tailWords = words;
    while (tailWords[tail + SPILL] !== 0) {
      [before, beforeWords] = [tail, tailWords];
      tail = (tailWords[tail + SPILL] as number) * LINE_WORDS;
      tailWords = this.spill.words;
    }
    const last = entriesIn(tailWords, tail) - 1;
    setEntry(words, at, slot, tagAt(tailWords, tail, last), tailWords[tail + ENTRIES + last] as number);
    setEntry(tailWords, tail, last, 0, 0);
    if (last === 0 && tailWords === this.spill.words) {
      beforeWords[before + SPILL] = 0;
      this.#freeLine(tail / LINE_WORDS);
    }
    this.count--;
  }

  /** Writes the sessions that may be filed under a hash to `into`, some of them perhaps twice; gives how many. */
  sessionsOf(hash: number, into: number[]): number {
    const tag = hash >>> 24;
    let { words } = this.lines;
    let at = this.buckets.of(hash) * LINE_WORDS;
    let count = 0;
    for (;;) {
      for (let slot = 0; slot < ENTRIES_A_LINE; slot++) {
        const entry = words[at + ENTRIES + slot] as number;
        if (entry === 0) return count;
        if (isOfHash(entry, hash) && tagAt(words, at, slot) === tag) into[count++] = entry & ID_MASK;
      }
      if (words[at + SPILL] === 0) return count;
      at = (words[at + SPILL] as number) * LINE_WORDS;
      words = this.spill.words;
    }
  }

  /** Shares a bucket out between it and a new one. */
  #split(): void {
    const from = this.buckets.split();
    this.lines.reach(this.buckets.count - 1);
    let { words } = this.lines;
    let at = from * LINE_WORDS;
    let count = 0;
    for (;;) {
      for (let slot = 0; slot < ENTRIES_A_LINE && words[at + ENTRIES + slot] !== 0; slot++) {
        const entry = words[at + ENTRIES + slot] as number;
        const high = (tagAt(words, at, slot) << 24) | ((entry & ~ID_MASK) >>> 8);
        this.#hashes[count] = high | (from & (LEAST_BUCKETS - 1));
        this.#ids[count++] = entry & ID_MASK;
      }
      const next = words[at + SPILL] as number;
      if (words === this.lines.words) words.fill(0, at, at + LINE_WORDS);
      else this.#freeLine(at / LINE_WORDS);
      if (next === 0) break;
      at = next * LINE_WORDS;
      words = this.spill.words;
    }
    for (let i = 0; i < count; i++) this.#put(this.#hashes[i] as number, this.#ids[i] as number);
  }

  #takeSpill(): number {
    const line = this.#freeSpill;
    if (line === 0) return this.spill.take();
    this.#freeSpill = this.spill.words[line * LINE_WORDS + SPILL] as number;
    this.spill.words[line * LINE_WORDS + SPILL] = 0;
    return line;
  }

  #freeLine(line: number): void {
    const at = line * LINE_WORDS;
    this.spill.words.fill(0, at, at + LINE_WORDS);
    this.spill.words[at + SPILL] = this.#freeSpill;
    this.#freeSpill = line;
  }
}
