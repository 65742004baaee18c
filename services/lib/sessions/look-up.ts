import { Held } from "./held.ts";
import type { Holdings } from "./holdings.ts";
import { hashOf, isPrivateV4, isV4, PRIVATE_V4, type PrefixKeys, PUBLIC_V4 } from "./keys.ts";
import { joinMoment, momentOf } from "./moments.ts";
import type { Resets } from "./resets.ts";
import {
  BEGIN,
  END,
  HELD,
  HELD_IN_RECORD,
  HELD_KEYS,
  HIGHS_PLACE,
  KEY_HIGH,
  KEY_LOW,
  KIND_BITS,
  LISTED,
  NAS_STATE,
  SESSION_WORDS,
  type SessionRecords,
  WHAT_BITS,
} from "./session-records.ts";
import { ENTRIES, ID_MASK, isOfHash, LINE_WORDS, SPILL } from "./tag-index.ts";

/** Where nothing was found. */
const NONE = -1;
/** A session s that only the grace found is NEAR - s until all lengths were tried. */
const NEAR = -2;

/** Addresses to be looked up, and when. */
export interface Wanted {
  /** Four words an address, in memory order. */
  readonly words: Uint32Array;
  /** The subscriber's port, which tells blocks of a shared IPv4 address apart. */
  readonly port: Uint16Array;
  /** Where a private IPv4 address is looked for, see networkOf. */
  readonly network: Int32Array;
  readonly atMs: Float64Array;
}

/** Look-ups that go side by side: so many that waits overlap, so few that what is kept of them stays near. */
const CHUNK = 1_024;
/** No length is left. */
const ALL_LENGTHS = 255;
const scratch = {
  /** Rows of the chunk that have not found a session yet. */
  pending: new Int32Array(CHUNK),
  wantedMoment: new Float64Array(CHUNK),
  /** By row: where in the list of lengths to go on. */
  nextLength: new Uint8Array(CHUNK),
  row: new Int32Array(CHUNK),
  high: new Uint32Array(CHUNK),
  low: new Uint32Array(CHUNK),
  keyClass: new Uint8Array(CHUNK),
  hash: new Int32Array(CHUNK),
  /** Of each key: the word its bucket begins at, then the session that may hold it. */
  at: new Uint32Array(CHUNK),
  session: new Uint32Array(CHUNK),
  /** Of each key: 1 where more than one session may hold it. */
  isShared: new Uint8Array(CHUNK),
  touched: new Uint32Array(1),
};

/** What look-ups are made in. */
export interface LookUpParts {
  readonly sessions: SessionRecords;
  readonly holdings: Holdings;
  readonly keys: PrefixKeys;
  readonly resets: Resets;
  readonly salt: number;
  readonly graceMs: number;
}

/** Looks sessions up by what they held, many side by side. */
export class LookUp {
  readonly #sessions: SessionRecords;
  readonly #holdings: Holdings;
  readonly #keys: PrefixKeys;
  readonly #resets: Resets;
  readonly #salt: number;
  readonly #graceMs: number;
  readonly #held = new Held();
  readonly #candidates: number[] = [];

  constructor({ sessions, holdings, keys, resets, salt, graceMs }: LookUpParts) {
    this.#sessions = sessions;
    this.#holdings = holdings;
    this.#keys = keys;
    this.#resets = resets;
    this.#salt = salt;
    this.#graceMs = graceMs;
  }

  /** See SessionTable.findAll. Steps are taken side by side, so that the waits for memory overlap. */
  findAll(wanted: Wanted, rows: number, found: Int32Array): void {
    for (let from = 0; from < rows; from += CHUNK) this.#findChunk(wanted, from, Math.min(CHUNK, rows - from), found);
  }

  #findChunk({ words, port, network, atMs }: Wanted, from: number, rows: number, found: Int32Array): void {
    const { lengths, classes } = this.#keys;
    const { pending, wantedMoment, nextLength } = scratch;
    for (let i = 0; i < rows; i++) {
      const row = from + i;
      found[row] = NONE;
      wantedMoment[i] = momentOf(atMs[row] as number);
      pending[i] = i;
      nextLength[i] = 0;
    }
    // In each round both families, and each address of IPv6 by the next length there may be where it is.
    for (let waiting = rows; waiting > 0; ) {
      let asked = 0;
      for (let n = 0; n < waiting; n++) {
        const i = pending[n] as number;
        const row = from + i;
        const at = row * 4;
        let length = nextLength[i] as number;
        if (length === ALL_LENGTHS) continue;
        if (isV4(words, at)) {
          nextLength[i] = ALL_LENGTHS;
          const address = words[at + 3] as number;
          const isPrivate = isPrivateV4(address);
          const net = network[row] as number;
          if (isPrivate && net < 0) continue;
          scratch.high[asked] = address;
          // A public address is looked for by its port, where a prefix has its second word.
          scratch.low[asked] = isPrivate ? net : (port[row] as number);
          const hash = isPrivate ? hashOf(address, net, this.#salt + PRIVATE_V4) : hashOf(address, 0, this.#salt);
          this.#want(asked++, i, isPrivate ? PRIVATE_V4 : PUBLIC_V4, hash);
          continue;
        }
        const there = this.#keys.classesAt(words[at] as number);
        while (length < lengths.length && ((there >>> (classes[length] as number)) & 1) === 0) length++;
        if (length >= lengths.length) continue;
        nextLength[i] = length + 1;
        const keyClass = classes[length] as number;
        this.#keys.make(words, at, lengths[length] as number, scratch, asked);
        const hash = hashOf(scratch.high[asked] as number, scratch.low[asked] as number, this.#salt + keyClass);
        this.#want(asked++, i, keyClass, hash);
      }
      waiting = asked === 0 ? 0 : this.#settle(asked, from, found);
    }
    // What only the grace found is told as the complement of a session below -1.
    for (let row = from; row < from + rows; row++)
      if ((found[row] as number) < NONE) found[row] = NEAR - (found[row] as number);
  }

  /** Gets the n-th key ready to be looked for. */
  #want(n: number, row: number, keyClass: number, hash: number): void {
    scratch.row[n] = row;
    scratch.keyClass[n] = keyClass;
    scratch.hash[n] = hash;
    scratch.at[n] = this.#holdings.index.buckets.of(hash) * LINE_WORDS;
  }

  /** Touched first, with no branch that waits for one of them: so lines are fetched side by side. */
  #touch(words: Uint32Array, at: Uint32Array, scale: number, count: number): void {
    let touched = 0;
    for (let n = 0; n < count; n++) touched |= words[(at[n] as number) * scale] as number;
    scratch.touched[0] = touched;
  }

  /** The first session whose entry is of each key's hash. */
  #pick(count: number): void {
    const { at, hash, session, isShared } = scratch;
    const { words } = this.#holdings.index.lines;
    for (let n = 0; n < count; n++) {
      const line = at[n] as number;
      const wanted = hash[n] as number;
      const tags = Math.imul(wanted >>> 24, 0x01010101);
      let picked = 0;
      let shared = words[line + SPILL] === 0 ? 0 : 1;
      for (let word = 0; word < SPILL; word++) {
        const differs = (words[line + word] as number) ^ tags;
        // Bytes that are zero (and perhaps some above them) have their highest bit set.
        let matches = (differs - 0x01010101) & ~differs & 0x80808080;
        while (matches !== 0) {
          const slot = word * 4 + ((31 - Math.clz32(matches & -matches)) >>> 3);
          const entry = words[line + ENTRIES + slot] as number;
          matches &= matches - 1;
          if (entry === 0 || !isOfHash(entry, wanted)) continue;
          if (picked !== 0) shared = 1;
          else picked = entry & ID_MASK;
        }
      }
      session[n] = picked;
      isShared[n] = shared;
    }
  }

  /** Whether a session whose holdings are in its record holds the n-th key. */
  #holds(words: Uint32Array, place: number, n: number): boolean {
    const high = scratch.high[n] as number;
    const low = scratch.low[n] as number;
    const keyClass = scratch.keyClass[n] as number;
    const held = words[place + HELD] as number;
    for (let slot = 0; slot < HELD_IN_RECORD; slot++) {
      if (words[place + HELD_KEYS + slot * 2] !== high) continue;
      if (((held >>> (slot * WHAT_BITS + KIND_BITS)) & 31) !== keyClass + 1) continue;
      if (isLow(words[place + HELD_KEYS + slot * 2 + 1] as number, low, keyClass)) return true;
    }
    return false;
  }

  /** Looks the keys up; gives the number of those, now in `pending`, for which no holding covers the moment. */
  #settle(count: number, from: number, found: Int32Array): number {
    const { row, session, isShared, pending, wantedMoment } = scratch;
    this.#touch(this.#holdings.index.lines.words, scratch.at, 1, count);
    this.#pick(count);
    const { words } = this.#sessions.records;
    this.#touch(words, session, SESSION_WORDS, count);
    let waiting = 0;
    for (let n = 0; n < count; n++) {
      const i = row[n] as number;
      const id = session[n] as number;
      if (isShared[n] === 0) {
        const place = id * SESSION_WORDS;
        const state = words[place + NAS_STATE] as number;
        if (id === 0) {
          pending[waiting++] = i;
          continue;
        }
        if ((state & LISTED) === 0 && !this.#resets.wasReset(state & 0xffff) && this.#holds(words, place, n)) {
          const highs = words[place + HIGHS_PLACE] as number;
          const moment = wantedMoment[i] as number;
          const begin = joinMoment(words[place + BEGIN] as number, highs & 0xff);
          const end = joinMoment(words[place + END] as number, (highs >>> 8) & 0xff);
          if (begin <= moment && moment < end) {
            found[from + i] = id;
            continue;
          }
        }
      }
      if (!this.#weigh(n, from + i, wantedMoment[i] as number, found)) pending[waiting++] = i;
    }
    return waiting;
  }

  /** Of all sessions that ever held the n-th key: true where the one that held it at the moment is found. */
  #weigh(n: number, row: number, moment: number, found: Int32Array): boolean {
    const held = this.#held;
    const count = this.#holdings.index.sessionsOf(scratch.hash[n] as number, this.#candidates);
    const keyClass = scratch.keyClass[n] as number;
    let last = 0;
    let lastBegin = -1;
    let lastEnd = 0;
    let ahead = 0;
    let aheadBegin = Number.POSITIVE_INFINITY;
    for (let c = 0; c < count; c++) {
      const id = this.#candidates[c] as number;
      this.#holdings.tell(id, held);
      for (let i = 0; i < held.count; i++) {
        if (held.high[i] !== scratch.high[n] || held.keyClass[i] !== keyClass) continue;
        if (!isLow(held.low[i] as number, scratch.low[n] as number, keyClass)) continue;
        const begin = held.begin[i] as number;
        if (begin > moment) {
          if (begin < aheadBegin || (begin === aheadBegin && this.#isAbove(ahead, id)))
            [ahead, aheadBegin] = [id, begin];
        } else if (begin > lastBegin || (begin === lastBegin && this.#isAbove(id, last)))
          [last, lastBegin, lastEnd] = [id, begin, held.end[i] as number];
      }
    }
    if (last !== 0 && moment < lastEnd) {
      found[row] = last;
      return true;
    }
    // Its last moment is the one before its end.
    let distance = this.#graceMs + 1;
    let near = 0;
    if (last !== 0 && moment - lastEnd + 1 < distance) [near, distance] = [last, moment - lastEnd + 1];
    if (ahead !== 0 && aheadBegin - moment < distance) near = ahead;
    if (near !== 0 && found[row] === NONE) found[row] = NEAR - near;
    return false;
  }

  /** Of two that began at once the one of the higher name is the later one, whoever was told first. */
  #isAbove(session: number, than: number): boolean {
    const high = this.#sessions.word(session, KEY_HIGH) - this.#sessions.word(than, KEY_HIGH);
    return (high === 0 ? this.#sessions.word(session, KEY_LOW) - this.#sessions.word(than, KEY_LOW) : high) > 0;
  }
}

/** Whether a second word of a key is that looked for; of a public IPv4 address, whether its ports have the port. */
function isLow(own: number, low: number, keyClass: number): boolean {
  return keyClass === PUBLIC_V4 ? (own & 0xffff) <= low && own >>> 16 >= low : own === low;
}
