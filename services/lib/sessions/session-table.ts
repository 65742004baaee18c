import {
  getU64,
  SESSION_STATUS_TYPES,
  type SessionBatch,
  type SessionColumns,
  type SessionLabels,
} from "@v6meter/schemas";
import { BucketIndex } from "./bucket-index.ts";
import { hashOf, isPrivateV4, isV4, PRIVATE_V4, PrefixKeys, PUBLIC_V4 } from "./keys.ts";
import { highOf, joinMoment, momentOf, OPEN } from "./moments.ts";
import { type BatchWords, Places } from "./places.ts";
import { Resets } from "./resets.ts";
import { recordOf, Segments, segmentOf } from "./segments.ts";

export interface SessionTableOptions {
  /** Holdings the table is made for; it grows as needed. */
  readonly slots: number;
  /** How long an ended session is kept. */
  readonly windowMs: number;
  /** How far from a moment the holding that began or ended next to it may be. */
  readonly graceMs: number;
  /** Keeps outsiders from choosing addresses that fall into one chain. */
  readonly seed?: number;
}

/** Kinds of holding; a session holds one of each at a time. */
export const HOLDING_KINDS = ["v4", "v6_address", "framed_prefix", "delegated_prefix"] as const;
export type HoldingKind = (typeof HOLDING_KINDS)[number];

/** What the table holds and did. */
export interface SessionTotals {
  readonly sessions: number;
  readonly holdings: number;
  readonly byKind: Readonly<Record<HoldingKind, number>>;
  /** Memory of records and indexes. */
  readonly bytes: number;
  readonly nases: number;
  /** Events that were applied. */
  readonly events: number;
  /** Sessions that went after their window. */
  readonly expired: number;
  /** Sessions that went without having ended: all they held had gone to others. */
  readonly evictions: number;
  /** Addresses that were not taken up: more than 14 lengths of prefixes, or no room for more sessions. */
  readonly refused: number;
}

const TOP = 0xffff_ffff;

// Words of a session.
const KEY_LOW = 0;
const KEY_HIGH = 1;
const SUBSCRIBER_LOW = 2;
const SUBSCRIBER_HIGH = 3;
const BEGIN = 4;
const END = 5;
/** High bits of begin and end (8 each), number of its place (16). */
const HIGHS_PLACE = 6;
/** Number of its NAS (16), state (16). */
const NAS_STATE = 7;
const NEXT_SESSION = 8;
const FIRST_HOLDING = 9;
const SESSION_WORDS = 10;

// Bits of a session's word NAS_STATE.
const USED = 1 << 16;
/** Its Start was seen: that tells when it began. */
const STARTED = 1 << 17;
/** Its holdings have times of their own, and are a list; else they are a block of COUNT. */
const LISTED = 1 << 18;
const COUNT_SHIFT = 19;
const COUNT_MASK = 7 << COUNT_SHIFT;

// Words of a holding.
const HIGH = 0;
/** Of a public IPv4 address its block of ports, last (16) and first (16); of a private one its network. */
const LOW = 1;
/** Number of its session (26), class of its key (4), its kind (2); 0 where the record is free. */
const OWNER = 2;
const NEXT_HOLDING = 3;
const HOLDING_WORDS = 4;
const SESSION_MASK = (1 << 26) - 1;
const CLASS_SHIFT = 26;
const KIND_SHIFT = 30;

// Words of the record of times, which follows a holding of a list.
const OWN_BEGIN = 0;
const OWN_END = 1;
/** High bits of begin and end (8 each); OF_SESSION where it began with its session. */
const OWN_HIGHS = 2;
const SIBLING = 3;
const OF_SESSION = 1 << 16;

const MAX_SESSIONS = SESSION_MASK;
/** Holdings, and sessions, a bucket at most, on average: fewer cost memory, more cost look-ups. */
const HOLDINGS_A_BUCKET = 1.5;
const SESSIONS_A_BUCKET = 2;
/** A Start this far from the Start of a session of its name is another session that was given the name. */
const SAME_START_MS = 5_000;

const {
  start: START,
  stop: STOP,
  interim_update: INTERIM,
  accounting_on: ON,
  accounting_off: OFF,
} = SESSION_STATUS_TYPES;

/** Blocks of n records that were given back, by n. */
type FreeBlocks = [number, number, number, number, number];

/**
 * Who held which address and prefix when, of millions of sessions in flat memory. Events may come twice, late
 * and out of order. Of all that hold a key, who began last holds it: so a prefix that goes to another
 * subscriber leaves the former one at that moment. Bench: sessions.bench.ts.
 */
export class SessionTable {
  readonly #windowMs: number;
  readonly #graceMs: number;
  readonly #sessions = new Segments(SESSION_WORDS);
  readonly #holdings = new Segments(HOLDING_WORDS);
  /** Subscribers under the next key; only as far as there are any. */
  readonly #nextSubscribers = new Segments(2);
  readonly #bySession: BucketIndex;
  readonly #byKey: BucketIndex;
  readonly #keys: PrefixKeys;
  readonly #places = new Places();
  readonly #resets = new Resets();
  readonly #salt: number;
  readonly #freeBlocks: FreeBlocks = [0, 0, 0, 0, 0];
  readonly #kinds = [0, 0, 0, 0];
  #freeSession = 0;
  #sessionCount = 0;
  #holdingCount = 0;
  #events = 0;
  #expired = 0;
  #evictions = 0;
  #refused = 0;
  #sweepAt = 0;

  // What an event's or a look-up's address is, see #keyOf.
  #high = 0;
  #low = 0;
  #class = 0;

  constructor({ slots, windowMs, graceMs, seed = Math.floor(Math.random() * TOP) }: SessionTableOptions) {
    this.#windowMs = windowMs;
    this.#graceMs = graceMs;
    this.#salt = seed | 0;
    this.#keys = new PrefixKeys(seed | 0);
    this.#byKey = new BucketIndex(slots / HOLDINGS_A_BUCKET);
    this.#bySession = new BucketIndex(slots / 2 / SESSIONS_A_BUCKET);
  }

  get totals(): SessionTotals {
    const [v4 = 0, v6_address = 0, framed_prefix = 0, delegated_prefix = 0] = this.#kinds;
    return {
      sessions: this.#sessionCount,
      holdings: this.#holdingCount,
      byKind: { v4, v6_address, framed_prefix, delegated_prefix },
      bytes: [this.#sessions, this.#holdings, this.#nextSubscribers, this.#bySession, this.#byKey].reduce(
        (sum, { bytes }) => sum + bytes,
        0,
      ),
      nases: this.#resets.nases,
      events: this.#events,
      expired: this.#expired,
      evictions: this.#evictions,
      refused: this.#refused,
    };
  }

  /** Sessions known. */
  get size(): number {
    return this.#sessionCount;
  }

  /** Words of operators, regions and accesses by their numbers; the lists only grow. */
  get labels(): SessionLabels {
    return this.#places.labels;
  }

  /** The number of an operator's network in a region, for `find`; -1 where no session was in it. */
  networkOf(operator: string, region: string): number {
    return this.#places.networkOf(operator, region);
  }

  /** Takes note of events; of those it has noted before nothing changes. */
  apply(batch: SessionBatch): void {
    const words = this.#places.wordsOf(batch);
    const { columns, rows } = batch;
    const addresses = addressesOf(columns, rows);
    for (let row = 0; row < rows; row++) {
      const status = columns.status_type[row];
      const nas = this.#resets.nas(columns.nas[row * 2] as number, columns.nas[row * 2 + 1] as number);
      if (status === ON || status === OFF) this.#resets.add(nas, momentOf(getU64(columns.event_at, row)));
      else this.#applyEvent(columns, addresses, words, row, nas);
    }
    this.#events += rows;
  }

  #applyEvent(columns: SessionColumns, addresses: Addresses, words: BatchWords, row: number, nas: number): void {
    const status = columns.status_type[row] as number;
    const at = momentOf(getU64(columns.event_at, row));
    const toldMs = status === START ? 0 : getU64(columns.started_at, row);
    // What tells no start began no later than it tells of itself.
    const begin = toldMs > 0 ? Math.min(at, momentOf(toldMs)) : at;
    const keyLow = columns.session[row * 2] as number;
    const keyHigh = columns.session[row * 2 + 1] as number;
    if ((keyLow | keyHigh) === 0) return;

    let session = this.#incarnation(keyLow, keyHigh, at);
    let end = OPEN;
    if (session !== 0) {
      const knownBegin = this.#begin(session);
      const knownEnd = this.#end(session);
      const startMoved = this.#state(session) & STARTED && Math.abs(at - knownBegin) > SAME_START_MS;
      if (status === START && startMoved) {
        if (at < knownBegin) end = knownBegin;
        else if (at < knownEnd) this.#setEnd(session, at);
        session = 0;
      } else if (begin > knownEnd && (status !== STOP || toldMs > 0)) session = 0;
    }
    const isNew = session === 0;
    if (isNew) {
      if (this.#sessionCount === MAX_SESSIONS) {
        this.#refused++;
        return;
      }
      session = this.#create(keyLow, keyHigh, nas, begin, end);
      this.#setPlace(session, this.#places.ofEvent(columns, words, row));
    }
    this.#identify(session, columns, row, at);
    const knownStart = this.#state(session) & STARTED;
    if (status === START) {
      if (!knownStart || at < this.#begin(session)) this.#setBegin(session, at);
      this.#setState(session, STARTED);
    } else if (!knownStart && begin < this.#begin(session)) this.#setBegin(session, begin);
    this.#hold(session, addresses, row, status, at, isNew);
    if (status === STOP) {
      const known = this.#ownEnd(session);
      if (known === OPEN || at > known) this.#setEnd(session, Math.max(at, this.#begin(session)));
    }
  }

  /** Of the sessions of a name, the one that was going on at a moment: the last that began before it. */
  #incarnation(keyLow: number, keyHigh: number, at: number): number {
    const bucket = this.#bySession.bucketOf(hashOf(keyLow, keyHigh, this.#salt));
    let best = 0;
    let bestBegin = 0;
    for (let session = this.#bySession.head(bucket); session !== 0; ) {
      const words = this.#sessions.segments[segmentOf(session)] as Uint32Array;
      const place = recordOf(session) * SESSION_WORDS;
      if (words[place + KEY_LOW] === keyLow && words[place + KEY_HIGH] === keyHigh) {
        const begin = this.#begin(session);
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

  #create(keyLow: number, keyHigh: number, nas: number, begin: number, end: number): number {
    let session = this.#freeSession;
    if (session !== 0) this.#freeSession = this.#session(session, NEXT_SESSION);
    else session = this.#sessions.take(1);
    const words = this.#sessions.segments[segmentOf(session)] as Uint32Array;
    const place = recordOf(session) * SESSION_WORDS;
    words.fill(0, place, place + SESSION_WORDS);
    words[place + KEY_LOW] = keyLow;
    words[place + KEY_HIGH] = keyHigh;
    words[place + NAS_STATE] = nas | USED;
    this.#setBegin(session, begin);
    this.#setEnd(session, end);
    const bucket = this.#bySession.bucketOf(hashOf(keyLow, keyHigh, this.#salt));
    words[place + NEXT_SESSION] = this.#bySession.head(bucket);
    this.#bySession.setHead(bucket, session);
    if (++this.#sessionCount > this.#bySession.buckets * SESSIONS_A_BUCKET) this.#splitSessions();
    return session;
  }

  /** Who it is: told first is told for good, but for a key that was rotated since. */
  #identify(session: number, columns: SessionColumns, row: number, at: number): void {
    const low = columns.subscriber[row * 2] as number;
    const high = columns.subscriber[row * 2 + 1] as number;
    if ((low | high) === 0) return;
    const place = this.#place(session);
    if (this.#session(session, SUBSCRIBER_LOW) !== 0 || this.#session(session, SUBSCRIBER_HIGH) !== 0) {
      // Flows from before the rotation may still come within the window.
      const rotatedAtMs = this.#places.rotatesAtMs[place] as number;
      if (at < momentOf(rotatedAtMs) + this.#windowMs) return;
    }
    this.#setSession(session, SUBSCRIBER_LOW, low);
    this.#setSession(session, SUBSCRIBER_HIGH, high);
    const rotatesAtMs = getU64(columns.rotates_at, row);
    const nextLow = columns.subscriber_next[row * 2] as number;
    const nextHigh = columns.subscriber_next[row * 2 + 1] as number;
    const rotates = rotatesAtMs > 0 && (nextLow | nextHigh) !== 0;
    if (rotates) {
      this.#nextSubscribers.reach(session);
      const next = this.#nextSubscribers.segments[segmentOf(session)] as Uint32Array;
      next[recordOf(session) * 2] = nextLow;
      next[recordOf(session) * 2 + 1] = nextHigh;
    }
    this.#setPlace(session, this.#places.rotating(place, rotates ? rotatesAtMs : Number.POSITIVE_INFINITY));
  }

  /** Takes up what an event says the session holds. */
  #hold(session: number, addresses: Addresses, row: number, status: number, at: number, isNew: boolean): void {
    let count = 0;
    for (let kind = 0; kind < HOLDING_KINDS.length; kind++) {
      if (!this.#keyOfEvent(addresses, row, kind, session)) continue;
      if (isNew) {
        told[count * TOLD_WORDS] = this.#high;
        told[count * TOLD_WORDS + 1] = this.#low;
        told[count * TOLD_WORDS + 2] = ((kind << KIND_SHIFT) | (this.#class << CLASS_SHIFT) | session) >>> 0;
        count++;
      } else this.#holdAlso(session, kind, status, at);
    }
    if (count === 0) return;
    const block = this.#takeBlock(count);
    for (let i = 0; i < count; i++) {
      const at = i * TOLD_WORDS;
      this.#link(block + i, told[at] as number, told[at + 1] as number, told[at + 2] as number);
    }
    this.#setSession(session, FIRST_HOLDING, block);
    this.#setState(session, count << COUNT_SHIFT);
  }

  /** A session that is known tells of a key: it holds it already, holds it also or holds it now instead. */
  #holdAlso(session: number, kind: number, status: number, at: number): void {
    const owner = ((kind << KIND_SHIFT) | (this.#class << CLASS_SHIFT) | session) >>> 0;
    let current = 0;
    let later = 0;
    let ofKind = 0;
    let next = this.#session(session, FIRST_HOLDING);
    const listed = (this.#state(session) & LISTED) !== 0;
    const count = (this.#state(session) & COUNT_MASK) >>> COUNT_SHIFT;
    for (let i = 0; next !== 0 && (listed || i < count); i++) {
      if (this.#holding(next, OWNER) >>> KIND_SHIFT === kind) {
        const end = listed ? this.#timesEnd(next) : OPEN;
        ofKind++;
        if (end === OPEN) current = next;
        const same =
          this.#holding(next, HIGH) === this.#high &&
          this.#holding(next, LOW) === this.#low &&
          this.#holding(next, OWNER) === owner;
        if (same && at < end) {
          if (this.#beginOf(next, session) <= at) return;
          later = next;
        }
      }
      next = listed ? this.#holding(next + 1, SIBLING) : next + 1;
    }
    if (later !== 0) {
      // It was held before it was first said to be; where others were held between, when is not known.
      if (ofKind === 1 && listed) this.#setTimes(later, at, this.#timesEnd(later), status === START);
      return;
    }
    // Of two addresses of a kind a Stop tells only that one of them was there.
    if (status === STOP && current !== 0) return;
    const [high, low] = [this.#high, this.#low];
    if (!listed) current = this.#makeList(session, current);
    let end = OPEN;
    // What the Start did not tell, and a later message did, came later.
    let ofSession =
      current === 0 && (status !== INTERIM || !(this.#state(session) & STARTED) || this.#begin(session) === at);
    if (current !== 0) {
      const currentOfSession = (this.#holding(current + 1, OWN_HIGHS) & OF_SESSION) !== 0;
      const currentBegin = currentOfSession ? this.#begin(session) : this.#timesBegin(current);
      if (status === START && currentOfSession) {
        // What the Start told went before what an earlier message told; when is not known.
        return;
      }
      if (at < currentBegin || status === START) {
        end = currentBegin;
        ofSession = status === START;
      } else this.#setTimesEnd(current, at);
    }
    const holding = this.#takeBlock(2);
    this.#setTimes(holding, at, end, ofSession);
    this.#setHolding(holding + 1, SIBLING, this.#session(session, FIRST_HOLDING));
    this.#setSession(session, FIRST_HOLDING, holding);
    this.#link(holding, high, low, owner);
  }

  /** Gives the holdings of a session times of their own; gives the number that `follow` has now. */
  #makeList(session: number, follow: number): number {
    const block = this.#session(session, FIRST_HOLDING);
    const count = (this.#state(session) & COUNT_MASK) >>> COUNT_SHIFT;
    let followed = 0;
    let first = 0;
    for (let i = 0; i < count; i++) {
      const [high, low, owner] = [HIGH, LOW, OWNER].map((word) => this.#holding(block + i, word)) as [
        number,
        number,
        number,
      ];
      this.#unlink(block + i);
      const holding = this.#takeBlock(2);
      this.#setTimes(holding, 0, OPEN, true);
      this.#setHolding(holding + 1, SIBLING, first);
      this.#link(holding, high, low, owner);
      if (block + i === follow) followed = holding;
      first = holding;
    }
    if (count > 0) this.#freeBlock(block, count);
    this.#setSession(session, FIRST_HOLDING, first);
    this.#setSession(session, NAS_STATE, (this.#session(session, NAS_STATE) & ~COUNT_MASK) | LISTED);
    return followed;
  }

  /** Makes #high, #low and #class those of what an event tells of a kind; false where it tells nothing. */
  #keyOfEvent(
    { v4, v6, framed, framedLength, delegated, delegatedLength, ports }: Addresses,
    row: number,
    kind: number,
    session: number,
  ): boolean {
    const at = row * 4;
    if (kind === 0) {
      if (!isV4(v4, at)) return false;
      const address = v4[at + 3] as number;
      this.#high = address;
      if (isPrivateV4(address)) {
        this.#class = PRIVATE_V4;
        this.#low = this.#places.network[this.#place(session)] as number;
        return true;
      }
      const first = ports.first[row] as number;
      const last = ports.last[row] as number;
      this.#class = PUBLIC_V4;
      this.#low = last === 0 ? ANY_PORTS : ((last << 16) | first) >>> 0;
      return first <= last;
    }
    const words = kind === 1 ? v6 : kind === 2 ? framed : delegated;
    const length = kind === 1 ? 128 : ((kind === 2 ? framedLength[row] : delegatedLength[row]) as number);
    const any =
      (words[at] as number) | (words[at + 1] as number) | (words[at + 2] as number) | (words[at + 3] as number);
    if (any === 0 || length === 0 || length > 128) return false;
    this.#class = this.#keys.classOf(length);
    if (this.#class < 0) {
      this.#refused++;
      return false;
    }
    this.#keys.make(words, at, length, eventKey, 0);
    this.#high = eventKey.high[0] as number;
    this.#low = eventKey.low[0] as number;
    return true;
  }

  /** The hash of a holding's key; ports are no part of it. */
  #hash(high: number, low: number, owner: number): number {
    const keyClass = (owner >>> CLASS_SHIFT) & 15;
    return hashOf(high, keyClass === PUBLIC_V4 ? 0 : low, this.#salt + keyClass);
  }

  #link(holding: number, high: number, low: number, owner: number): void {
    const words = this.#holdings.segments[segmentOf(holding)] as Uint32Array;
    const place = recordOf(holding) * HOLDING_WORDS;
    const bucket = this.#byKey.bucketOf(this.#hash(high, low, owner));
    words[place + HIGH] = high;
    words[place + LOW] = low;
    words[place + OWNER] = owner;
    words[place + NEXT_HOLDING] = this.#byKey.head(bucket);
    this.#byKey.setHead(bucket, holding);
    (this.#kinds[owner >>> KIND_SHIFT] as number) += 1;
    if (++this.#holdingCount > this.#byKey.buckets * HOLDINGS_A_BUCKET) this.#splitHoldings();
  }

  #unlink(holding: number): void {
    const owner = this.#holding(holding, OWNER);
    const hash = this.#hash(this.#holding(holding, HIGH), this.#holding(holding, LOW), owner);
    const next = this.#holding(holding, NEXT_HOLDING);
    const bucket = this.#byKey.bucketOf(hash);
    let before = this.#byKey.head(bucket);
    if (before === holding) this.#byKey.setHead(bucket, next);
    else {
      while (this.#holding(before, NEXT_HOLDING) !== holding) before = this.#holding(before, NEXT_HOLDING);
      this.#setHolding(before, NEXT_HOLDING, next);
    }
    this.#setHolding(holding, OWNER, 0);
    (this.#kinds[owner >>> KIND_SHIFT] as number) -= 1;
    this.#holdingCount--;
  }

  #splitHoldings(): void {
    const from = this.#byKey.split();
    let holding = this.#byKey.head(from);
    this.#byKey.setHead(from, 0);
    while (holding !== 0) {
      const next = this.#holding(holding, NEXT_HOLDING);
      const hash = this.#hash(this.#holding(holding, HIGH), this.#holding(holding, LOW), this.#holding(holding, OWNER));
      const bucket = this.#byKey.bucketOf(hash);
      this.#setHolding(holding, NEXT_HOLDING, this.#byKey.head(bucket));
      this.#byKey.setHead(bucket, holding);
      holding = next;
    }
  }

  #splitSessions(): void {
    const from = this.#bySession.split();
    let session = this.#bySession.head(from);
    this.#bySession.setHead(from, 0);
    while (session !== 0) {
      const next = this.#session(session, NEXT_SESSION);
      const hash = hashOf(this.#session(session, KEY_LOW), this.#session(session, KEY_HIGH), this.#salt);
      const bucket = this.#bySession.bucketOf(hash);
      this.#setSession(session, NEXT_SESSION, this.#bySession.head(bucket));
      this.#bySession.setHead(bucket, session);
      session = next;
    }
  }

  #takeBlock(count: number): number {
    const free = this.#freeBlocks[count] as number;
    if (free === 0) return this.#holdings.take(count);
    this.#freeBlocks[count] = this.#holding(free, NEXT_HOLDING);
    return free;
  }

  #freeBlock(block: number, count: number): void {
    this.#setHolding(block, NEXT_HOLDING, this.#freeBlocks[count] as number);
    this.#freeBlocks[count] = block;
  }

  /** The holding of one address at a moment; -1 where there is none. See findAll. */
  find(words: Uint32Array, at: number, port: number, network: number, atMs: number): number {
    one.words.set(words.subarray(at, at + 4));
    one.port[0] = port;
    one.network[0] = network;
    one.atMs[0] = atMs;
    this.findAll(one, 1, one.found);
    return one.found[0] as number;
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
    scratch.at[n] = this.#byKey.bucketOf(hash);
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
    const heads = this.#byKey.heads.segments;
    for (let n = 0; n < count; n++) {
      const bucket = at[n] as number;
      at[n] = (heads[segmentOf(bucket)] as Uint32Array)[recordOf(bucket)] as number;
    }
  }

  /** One link of every chain that goes on; gives how many still do. */
  #step(walking: number): number {
    const { walker, at, high } = scratch;
    const { segments } = this.#holdings;
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
    if (this.#beginOf(holding, this.#holding(holding, OWNER) & SESSION_MASK) <= moment) {
      if (this.#isLater(holding, last[n] as number, moment)) last[n] = holding;
    } else {
      if (last[n] === holding) last[n] = 0;
      if (first[n] === 0 || !this.#isLater(holding, first[n] as number, OPEN)) first[n] = holding;
    }
  }

  /** Whether a holding began after another; of two that began at once the one of the higher name, whoever was told first. */
  #isLater(holding: number, than: number, before: number): boolean {
    if (than === 0 || than === holding) return true;
    const one = this.#holding(holding, OWNER) & SESSION_MASK;
    const other = this.#holding(than, OWNER) & SESSION_MASK;
    const otherBegin = this.#beginOf(than, other);
    const later = this.#beginOf(holding, one) - otherBegin;
    if (later !== 0 || otherBegin > before) return later > 0 || otherBegin > before;
    const high = this.#session(one, KEY_HIGH) - this.#session(other, KEY_HIGH);
    return (high === 0 ? this.#session(one, KEY_LOW) - this.#session(other, KEY_LOW) : high) > 0;
  }

  /** As #step touches holdings. Record 0, of what was not found, is there. */
  #touchSessions(count: number): void {
    const { last } = scratch;
    const sessions = this.#sessions.segments;
    const holdings = this.#holdings.segments;
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
    const sessions = this.#sessions.segments;
    const holdings = this.#holdings.segments;
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
          begin = this.#beginOf(holding, owner & SESSION_MASK);
          end = this.#endOf(holding);
        }
        if (begin > moment) {
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
        const begin = this.#beginOf(ahead, this.#holding(ahead, OWNER) & SESSION_MASK);
        if (begin - moment < distance) near = ahead;
      }
      if (near !== 0 && found[from + i] === NONE) found[from + i] = NEAR - near;
      pending[waiting++] = i;
    }
    return waiting;
  }

  /** Writes the subscriber of a holding at a moment to `out`, low word first; zero where it is not told. */
  subscriber(holding: number, atMs: number, out: Uint32Array, at: number): void {
    const session = this.#holding(holding, OWNER) & SESSION_MASK;
    const next = this.#nextSubscribers.segments[segmentOf(session)];
    if (next !== undefined && atMs >= (this.#places.rotatesAtMs[this.#place(session)] as number)) {
      out[at] = next[recordOf(session) * 2] as number;
      out[at + 1] = next[recordOf(session) * 2 + 1] as number;
    } else {
      out[at] = this.#session(session, SUBSCRIBER_LOW);
      out[at + 1] = this.#session(session, SUBSCRIBER_HIGH);
    }
  }

  /** Where the holder of a holding is: a number for `operator`, `region` and `access`. */
  placeOf(holding: number): number {
    return this.#place(this.#holding(holding, OWNER) & SESSION_MASK);
  }

  /** By number of place: numbers of words of `labels`; 0 where it is not told. */
  get operator(): readonly number[] {
    return this.#places.operator;
  }
  get region(): readonly number[] {
    return this.#places.region;
  }
  get access(): readonly number[] {
    return this.#places.access;
  }

  /**
   * Forgets sessions that ended longer than the window ago, and sessions that never ended where all they held
   * went to others longer ago than that. At most so many sessions are looked at; the next call goes on with
   * those behind them. Gives the number that went.
   */
  expire(nowMs: number, most = Number.POSITIVE_INFINITY): number {
    const before = momentOf(nowMs - this.#windowMs);
    const count = Math.min(most, this.#sessions.last);
    let gone = 0;
    for (let i = 0; i < count; i++) {
      this.#sweepAt = this.#sweepAt >= this.#sessions.last ? 1 : this.#sweepAt + 1;
      const session = this.#sweepAt;
      if ((this.#state(session) & USED) === 0) continue;
      if (this.#end(session) <= before) this.#expired++;
      else if (this.#isSuperseded(session, before)) this.#evictions++;
      else continue;
      this.#remove(session);
      gone++;
    }
    return gone;
  }

  /** True where everything an open session held had gone to others by a moment. */
  #isSuperseded(session: number, moment: number): boolean {
    let holding = this.#session(session, FIRST_HOLDING);
    const state = this.#state(session);
    const count = (state & COUNT_MASK) >>> COUNT_SHIFT;
    if (holding === 0) return this.#begin(session) <= moment;
    for (let i = 0; holding !== 0 && (state & LISTED || i < count); i++) {
      if (!this.#isTaken(holding, moment)) return false;
      holding = state & LISTED ? this.#holding(holding + 1, SIBLING) : holding + 1;
    }
    return true;
  }

  #isTaken(holding: number, moment: number): boolean {
    if (this.#endOf(holding) <= moment) return true;
    const [high, low, owner] = [HIGH, LOW, OWNER].map((word) => this.#holding(holding, word)) as [
      number,
      number,
      number,
    ];
    const session = owner & SESSION_MASK;
    const keyClass = (owner >>> CLASS_SHIFT) & 15;
    const begin = this.#beginOf(holding, session);
    let other = this.#byKey.head(this.#byKey.bucketOf(this.#hash(high, low, owner)));
    for (; other !== 0; other = this.#holding(other, NEXT_HOLDING)) {
      const otherOwner = this.#holding(other, OWNER);
      if (
        this.#holding(other, HIGH) === high &&
        this.#holding(other, LOW) === low &&
        ((otherOwner >>> CLASS_SHIFT) & 15) === keyClass &&
        (otherOwner & SESSION_MASK) !== session
      ) {
        const otherBegin = this.#beginOf(other, otherOwner & SESSION_MASK);
        if (otherBegin > begin && otherBegin <= moment) return true;
      }
    }
    return false;
  }

  #remove(session: number): void {
    const state = this.#state(session);
    const first = this.#session(session, FIRST_HOLDING);
    const count = (state & COUNT_MASK) >>> COUNT_SHIFT;
    if (state & LISTED) {
      for (let holding = first; holding !== 0; ) {
        const sibling = this.#holding(holding + 1, SIBLING);
        this.#unlink(holding);
        this.#freeBlock(holding, 2);
        holding = sibling;
      }
    } else if (count > 0) {
      for (let i = 0; i < count; i++) this.#unlink(first + i);
      this.#freeBlock(first, count);
    }
    const hash = hashOf(this.#session(session, KEY_LOW), this.#session(session, KEY_HIGH), this.#salt);
    const next = this.#session(session, NEXT_SESSION);
    const bucket = this.#bySession.bucketOf(hash);
    let before = this.#bySession.head(bucket);
    if (before === session) this.#bySession.setHead(bucket, next);
    else {
      while (this.#session(before, NEXT_SESSION) !== session) before = this.#session(before, NEXT_SESSION);
      this.#setSession(before, NEXT_SESSION, next);
    }
    this.#setSession(session, NAS_STATE, 0);
    this.#setSession(session, NEXT_SESSION, this.#freeSession);
    this.#freeSession = session;
    this.#sessionCount--;
  }

  #session(session: number, word: number): number {
    const words = this.#sessions.segments[segmentOf(session)] as Uint32Array;
    return words[recordOf(session) * SESSION_WORDS + word] as number;
  }

  #setSession(session: number, word: number, value: number): void {
    const words = this.#sessions.segments[segmentOf(session)] as Uint32Array;
    words[recordOf(session) * SESSION_WORDS + word] = value;
  }

  #state(session: number): number {
    return this.#session(session, NAS_STATE);
  }

  #setState(session: number, bits: number): void {
    this.#setSession(session, NAS_STATE, this.#state(session) | bits);
  }

  #place(session: number): number {
    return this.#session(session, HIGHS_PLACE) >>> 16;
  }

  #setPlace(session: number, place: number): void {
    this.#setSession(session, HIGHS_PLACE, (this.#session(session, HIGHS_PLACE) & 0xffff) | (place << 16));
  }

  #begin(session: number): number {
    return joinMoment(this.#session(session, BEGIN), this.#session(session, HIGHS_PLACE) & 0xff);
  }

  #setBegin(session: number, moment: number): void {
    this.#setSession(session, BEGIN, moment);
    const others = this.#session(session, HIGHS_PLACE) & ~0xff;
    this.#setSession(session, HIGHS_PLACE, others | highOf(moment));
  }

  /** When its own events say that it ended. */
  #ownEnd(session: number): number {
    return joinMoment(this.#session(session, END), (this.#session(session, HIGHS_PLACE) >>> 8) & 0xff);
  }

  #setEnd(session: number, moment: number): void {
    this.#setSession(session, END, moment);
    const others = this.#session(session, HIGHS_PLACE) & ~0xff00;
    this.#setSession(session, HIGHS_PLACE, others | (highOf(moment) << 8));
  }

  #end(session: number): number {
    return this.#resets.endOf(this.#state(session) & 0xffff, this.#begin(session), this.#ownEnd(session));
  }

  #holding(holding: number, word: number): number {
    const words = this.#holdings.segments[segmentOf(holding)] as Uint32Array;
    return words[recordOf(holding) * HOLDING_WORDS + word] as number;
  }

  #setHolding(holding: number, word: number, value: number): void {
    const words = this.#holdings.segments[segmentOf(holding)] as Uint32Array;
    words[recordOf(holding) * HOLDING_WORDS + word] = value;
  }

  #beginOf(holding: number, session: number): number {
    const begin = this.#begin(session);
    if ((this.#state(session) & LISTED) === 0) return begin;
    return this.#holding(holding + 1, OWN_HIGHS) & OF_SESSION ? begin : this.#timesBegin(holding);
  }

  #endOf(holding: number): number {
    const session = this.#holding(holding, OWNER) & SESSION_MASK;
    const end = this.#end(session);
    return this.#state(session) & LISTED ? Math.min(end, this.#timesEnd(holding)) : end;
  }

  #timesBegin(holding: number): number {
    return joinMoment(this.#holding(holding + 1, OWN_BEGIN), this.#holding(holding + 1, OWN_HIGHS) & 0xff);
  }

  #timesEnd(holding: number): number {
    return joinMoment(this.#holding(holding + 1, OWN_END), (this.#holding(holding + 1, OWN_HIGHS) >>> 8) & 0xff);
  }

  #setTimesEnd(holding: number, moment: number): void {
    this.#setHolding(holding + 1, OWN_END, moment);
    const others = this.#holding(holding + 1, OWN_HIGHS) & ~0xff00;
    this.#setHolding(holding + 1, OWN_HIGHS, others | (highOf(moment) << 8));
  }

  #setTimes(holding: number, begin: number, end: number, ofSession: boolean): void {
    this.#setHolding(holding + 1, OWN_BEGIN, begin);
    this.#setHolding(holding + 1, OWN_END, end);
    this.#setHolding(holding + 1, OWN_HIGHS, highOf(begin) | (highOf(end) << 8) | (ofSession ? OF_SESSION : 0));
  }
}

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

const one = {
  words: new Uint32Array(4),
  port: new Uint16Array(1),
  network: new Int32Array(1),
  atMs: new Float64Array(1),
  found: new Int32Array(1),
};

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
const ANY_PORTS = 0xffff_0000;

/** What a new session is told to hold, a few words each; one serves all events. */
const TOLD_WORDS = 3;
const told = new Uint32Array(TOLD_WORDS * HOLDING_KINDS.length);

/** The key of what an event tells; one serves all events. */
const eventKey = { high: new Uint32Array(1), low: new Uint32Array(1) };

/** The addresses of a batch as words in memory order. */
interface Addresses {
  readonly v4: Uint32Array;
  readonly v6: Uint32Array;
  readonly framed: Uint32Array;
  readonly delegated: Uint32Array;
  readonly framedLength: Uint8Array;
  readonly delegatedLength: Uint8Array;
  readonly ports: { readonly first: Uint16Array; readonly last: Uint16Array };
}

function wordsOf(addresses: Uint8Array, rows: number): Uint32Array {
  const bytes = addresses.byteOffset % 4 === 0 ? addresses : new Uint8Array(addresses.subarray(0, rows * 16));
  return new Uint32Array(bytes.buffer, bytes.byteOffset, rows * 4);
}

function addressesOf(columns: SessionColumns, rows: number): Addresses {
  return {
    v4: wordsOf(columns.framed_ip_address, rows),
    v6: wordsOf(columns.framed_ipv6_address, rows),
    framed: wordsOf(columns.framed_ipv6_prefix, rows),
    delegated: wordsOf(columns.delegated_ipv6_prefix, rows),
    framedLength: columns.framed_ipv6_prefix_length,
    delegatedLength: columns.delegated_ipv6_prefix_length,
    ports: { first: columns.port_first, last: columns.port_last },
  };
}
