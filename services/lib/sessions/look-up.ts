import {
  CLASS_SHIFT,
  HOLDING_WORDS,
  type HoldingRecords,
  LOW,
  NEXT_HOLDING,
  OWNER,
  SESSION_MASK,
} from "./holding-records.ts";
import { hashOf, isPrivateV4, isV4, PRIVATE_V4, type PrefixKeys, PUBLIC_V4 } from "./keys.ts";
import { joinMoment, momentOf, OPEN } from "./moments.ts";
import type { Resets } from "./resets.ts";
import { recordOf, segmentOf } from "./segments.ts";
import {
  BEGIN,
  END,
  HIGHS_PLACE,
  KEY_HIGH,
  KEY_LOW,
  LISTED,
  NAS_STATE,
  SESSION_WORDS,
  type SessionRecords,
} from "./session-records.ts";

/** Where nothing was found. */
const NONE = -1;
/** A holding h that only the grace found is NEAR - h until all lengths were tried. */
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
const scratch = {
  /** Rows of the chunk that have not found a holding yet. */
  pending: new Int32Array(CHUNK),
  wantedMoment: new Float64Array(CHUNK),
  row: new Int32Array(CHUNK),
  high: new Uint32Array(CHUNK),
  low: new Uint32Array(CHUNK),
  keyClass: new Uint8Array(CHUNK),
  /** Of what goes on: which key, and where in its chain. */
  walker: new Int32Array(CHUNK),
  at: new Uint32Array(CHUNK),
  /** Of each key: the holding that began last before the moment, and the one that begins first after it. */
  last: new Uint32Array(CHUNK),
  first: new Uint32Array(CHUNK),
  touched: new Uint32Array(1),
};

/** What look-ups are made in. */
export interface LookUpParts {
  readonly sessions: SessionRecords;
  readonly holdings: HoldingRecords;
  readonly keys: PrefixKeys;
  readonly resets: Resets;
  readonly salt: number;
  readonly graceMs: number;
}

/** Looks holdings up, many side by side. */
export class LookUp {
  readonly #sessions: SessionRecords;
  readonly #holdings: HoldingRecords;
  readonly #keys: PrefixKeys;
  readonly #resets: Resets;
  readonly #salt: number;
  readonly #graceMs: number;

  constructor({ sessions, holdings, keys, resets, salt, graceMs }: LookUpParts) {
    this.#sessions = sessions;
    this.#holdings = holdings;
    this.#keys = keys;
    this.#resets = resets;
    this.#salt = salt;
    this.#graceMs = graceMs;
  }

  /**
   * The holdings of addresses, each at its moment, into `found`; -1 where there is none. Of prefixes the
   * longest that covers the moment; where none does, one that began or ended within the grace of it. Many are
   * looked up side by side, a step at a time, so that the waits for memory overlap. Bench: sessions.bench.ts.
   */
  findAll(wanted: Wanted, rows: number, found: Int32Array): void {
    for (let from = 0; from < rows; from += CHUNK) this.#findChunk(wanted, from, Math.min(CHUNK, rows - from), found);
  }

  #findChunk({ words, port, network, atMs }: Wanted, from: number, rows: number, found: Int32Array): void {
    const { lengths, classes } = this.#keys;
    const { pending, wantedMoment } = scratch;
    let waiting = 0;
    for (let i = 0; i < rows; i++) {
      const row = from + i;
      found[row] = NONE;
      wantedMoment[i] = momentOf(atMs[row] as number);
      if (!isV4(words, row * 4)) pending[waiting++] = i;
    }
    for (let length = 0; length < lengths.length && waiting > 0; length++) {
      const keyClass = classes[length] as number;
      for (let n = 0; n < waiting; n++) {
        const i = pending[n] as number;
        this.#keys.make(words, (from + i) * 4, lengths[length] as number, scratch, n);
        const hash = hashOf(scratch.high[n] as number, scratch.low[n] as number, this.#salt + keyClass);
        this.#want(n, i, keyClass, hash);
      }
      this.#walk(waiting);
      waiting = this.#settle(waiting, from, found);
    }
    // After the prefixes: what is found of these is written over the list of those that wait.
    let walking = 0;
    for (let i = 0; i < rows; i++) {
      const row = from + i;
      if (!isV4(words, row * 4)) continue;
      const address = words[row * 4 + 3] as number;
      const isPrivate = isPrivateV4(address);
      const net = network[row] as number;
      if (isPrivate && net < 0) continue;
      scratch.high[walking] = address;
      // A public address is looked for by its port, where a prefix has its second word.
      scratch.low[walking] = isPrivate ? net : (port[row] as number);
      const hash = isPrivate ? hashOf(address, net, this.#salt + PRIVATE_V4) : hashOf(address, 0, this.#salt);
      this.#want(walking++, i, isPrivate ? PRIVATE_V4 : PUBLIC_V4, hash);
    }
    if (walking > 0) {
      this.#walk(walking);
      this.#settle(walking, from, found);
    }
    // What only the grace found is told as the complement of a holding below -1.
    for (let row = from; row < from + rows; row++)
      if ((found[row] as number) < NONE) found[row] = NEAR - (found[row] as number);
  }

  /** Gets the n-th key ready to be looked for. */
  #want(n: number, row: number, keyClass: number, hash: number): void {
    scratch.row[n] = row;
    scratch.keyClass[n] = keyClass;
    scratch.walker[n] = n;
    scratch.at[n] = this.#holdings.index.bucketOf(hash);
    scratch.last[n] = 0;
    scratch.first[n] = 0;
  }

  /** Walks the chains of the keys that are looked for, all of them a link at a time. */
  #walk(count: number): void {
    this.#enter(count);
    for (let walking = count; walking > 0; ) walking = this.#step(walking);
  }

  #enter(count: number): void {
    const { at } = scratch;
    const heads = this.#holdings.index.heads.segments;
    for (let n = 0; n < count; n++) {
      const bucket = at[n] as number;
      at[n] = (heads[segmentOf(bucket)] as Uint32Array)[recordOf(bucket)] as number;
    }
  }

  /** One link of every chain that goes on; gives how many still do. */
  #step(walking: number): number {
    const { walker, at, high } = scratch;
    const { segments } = this.#holdings.records;
    // Touched first, with no branch that waits for one of them: so they are fetched side by side.
    let touched = 0;
    for (let w = 0; w < walking; w++) {
      const holding = at[w] as number;
      touched |= (segments[segmentOf(holding)] as Uint32Array)[recordOf(holding) * HOLDING_WORDS] as number;
    }
    scratch.touched[0] = touched;
    let still = 0;
    for (let w = 0; w < walking; w++) {
      const holding = at[w] as number;
      if (holding === 0) continue;
      const n = walker[w] as number;
      const words = segments[segmentOf(holding)] as Uint32Array;
      const place = recordOf(holding) * HOLDING_WORDS;
      if (words[place] === high[n]) this.#consider(n, holding, words, place);
      at[still] = words[place + NEXT_HOLDING] as number;
      walker[still] = n;
      still++;
    }
    return still;
  }

  /** A holding whose key may be the one looked for: keeps the last that began, and the first yet to begin. */
  #consider(n: number, holding: number, words: Uint32Array, place: number): void {
    const own = words[place + LOW] as number;
    const owner = words[place + OWNER] as number;
    const keyClass = (owner >>> CLASS_SHIFT) & 15;
    const low = scratch.low[n] as number;
    if (keyClass !== scratch.keyClass[n]) return;
    if (keyClass === PUBLIC_V4 ? (own & 0xffff) > low || own >>> 16 < low : own !== low) return;
    const last = scratch.last[n] as number;
    if (last === 0) {
      // Most keys have one holding: when it was is asked for all of them together.
      scratch.last[n] = holding;
      return;
    }
    const moment = scratch.wantedMoment[scratch.row[n] as number] as number;
    this.#rank(n, last, moment);
    this.#rank(n, holding, moment);
  }

  #rank(n: number, holding: number, moment: number): void {
    const { last, first } = scratch;
    if (this.#holdings.begin(holding, this.#holdings.word(holding, OWNER) & SESSION_MASK) <= moment) {
      if (this.#isLater(holding, last[n] as number, moment)) last[n] = holding;
    } else {
      if (last[n] === holding) last[n] = 0;
      if (first[n] === 0 || !this.#isLater(holding, first[n] as number, OPEN)) first[n] = holding;
    }
  }

  /** Whether a holding began after another; of two that began at once the one of the higher name, whoever was told first. */
  #isLater(holding: number, than: number, before: number): boolean {
    if (than === 0 || than === holding) return true;
    const one = this.#holdings.word(holding, OWNER) & SESSION_MASK;
    const other = this.#holdings.word(than, OWNER) & SESSION_MASK;
    const otherBegin = this.#holdings.begin(than, other);
    const later = this.#holdings.begin(holding, one) - otherBegin;
    if (later !== 0 || otherBegin > before) return later > 0 || otherBegin > before;
    const high = this.#sessions.word(one, KEY_HIGH) - this.#sessions.word(other, KEY_HIGH);
    return (high === 0 ? this.#sessions.word(one, KEY_LOW) - this.#sessions.word(other, KEY_LOW) : high) > 0;
  }

  /** As #step touches holdings. Record 0, of what was not found, is there. */
  #touchSessions(count: number): void {
    const { last } = scratch;
    const sessions = this.#sessions.records.segments;
    const holdings = this.#holdings.records.segments;
    let touched = 0;
    for (let n = 0; n < count; n++) {
      const holding = last[n] as number;
      const owner = (holdings[segmentOf(holding)] as Uint32Array)[recordOf(holding) * HOLDING_WORDS + OWNER] as number;
      const session = owner & SESSION_MASK;
      touched |= (sessions[segmentOf(session)] as Uint32Array)[recordOf(session) * SESSION_WORDS + NAS_STATE] as number;
    }
    scratch.touched[0] = touched;
  }

  /** Writes down what the walk found; gives the number of those, now in `pending`, for which no holding covers the moment. */
  #settle(count: number, from: number, found: Int32Array): number {
    const { row, last, first, pending, wantedMoment } = scratch;
    const sessions = this.#sessions.records.segments;
    const holdings = this.#holdings.records.segments;
    this.#touchSessions(count);
    let waiting = 0;
    for (let n = 0; n < count; n++) {
      const i = row[n] as number;
      const moment = wantedMoment[i] as number;
      const holding = last[n] as number;
      let ahead = first[n] as number;
      let distance = this.#graceMs + 1;
      let near = 0;
      if (holding !== 0) {
        const owner = (holdings[segmentOf(holding)] as Uint32Array)[
          recordOf(holding) * HOLDING_WORDS + OWNER
        ] as number;
        const words = sessions[segmentOf(owner & SESSION_MASK)] as Uint32Array;
        const place = recordOf(owner & SESSION_MASK) * SESSION_WORDS;
        const state = words[place + NAS_STATE] as number;
        const highs = words[place + HIGHS_PLACE] as number;
        let begin = joinMoment(words[place + BEGIN] as number, highs & 0xff);
        let end = joinMoment(words[place + END] as number, (highs >>> 8) & 0xff);
        if (state & LISTED || this.#resets.wasReset(state & 0xffff)) {
          begin = this.#holdings.begin(holding, owner & SESSION_MASK);
          end = this.#holdings.end(holding);
        }
        if (begin > moment) {
          if (ahead === 0 || begin < this.#holdings.begin(ahead, this.#holdings.word(ahead, OWNER) & SESSION_MASK))
            ahead = holding;
        } else if (moment < end) {
          found[from + i] = holding;
          continue;
        } else if (moment - end + 1 < distance) {
          // Its last moment is the one before its end.
          near = holding;
          distance = moment - end + 1;
        }
      }
      if (ahead !== 0) {
        const begin = this.#holdings.begin(ahead, this.#holdings.word(ahead, OWNER) & SESSION_MASK);
        if (begin - moment < distance) near = ahead;
      }
      if (near !== 0 && found[from + i] === NONE) found[from + i] = NEAR - near;
      pending[waiting++] = i;
    }
    return waiting;
  }
}
