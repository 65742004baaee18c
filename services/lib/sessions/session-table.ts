import {
  getU64,
  SESSION_STATUS_TYPES,
  type SessionBatch,
  type SessionColumns,
  type SessionLabels,
} from "@v6meter/schemas";
import { type Addresses, addressesOf, EventKeys } from "./event-keys.ts";
import {
  CLASS_SHIFT,
  HIGH,
  HoldingRecords,
  KIND_SHIFT,
  LOW,
  NEXT_HOLDING,
  OF_SESSION,
  OWN_HIGHS,
  OWNER,
  SESSION_MASK,
  SIBLING,
} from "./holding-records.ts";
import { PrefixKeys } from "./keys.ts";
import { LookUp, type Wanted } from "./look-up.ts";
import { momentOf, OPEN } from "./moments.ts";
import { type BatchWords, Places } from "./places.ts";
import { Resets } from "./resets.ts";
import {
  COUNT_MASK,
  COUNT_SHIFT,
  FIRST_HOLDING,
  LISTED,
  MAX_SESSIONS,
  NAS_STATE,
  SessionRecords,
  STARTED,
  USED,
} from "./session-records.ts";

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

/** A Start this far from the Start of a session of its name is another session that was given the name. */
const SAME_START_MS = 5_000;

const {
  start: START,
  stop: STOP,
  interim_update: INTERIM,
  accounting_on: ON,
  accounting_off: OFF,
} = SESSION_STATUS_TYPES;

/** What a new session is told to hold, a few words each; one serves all events. */
const TOLD_WORDS = 3;
const told = new Uint32Array(TOLD_WORDS * HOLDING_KINDS.length);

const one = {
  words: new Uint32Array(4),
  port: new Uint16Array(1),
  network: new Int32Array(1),
  atMs: new Float64Array(1),
  found: new Int32Array(1),
};

/**
 * Who held which address and prefix when, of millions of sessions in flat memory. Events may come twice, late
 * and out of order. Of all that hold a key, who began last holds it: so a prefix that goes to another
 * subscriber leaves the former one at that moment. Bench: sessions.bench.ts.
 */
export class SessionTable {
  readonly #windowMs: number;
  readonly #places = new Places();
  readonly #resets = new Resets();
  readonly #sessions: SessionRecords;
  readonly #holdings: HoldingRecords;
  readonly #keys: EventKeys;
  readonly #lookUp: LookUp;
  #events = 0;
  #expired = 0;
  #evictions = 0;
  #refused = 0;
  #sweepAt = 0;

  constructor({ slots, windowMs, graceMs, seed = Math.floor(Math.random() * 0xffff_ffff) }: SessionTableOptions) {
    const resets = this.#resets;
    const salt = seed | 0;
    const keys = new PrefixKeys(salt);
    const sessions = new SessionRecords(slots / 2, resets, salt);
    const holdings = new HoldingRecords(slots, sessions, salt);
    this.#windowMs = windowMs;
    this.#sessions = sessions;
    this.#holdings = holdings;
    this.#keys = new EventKeys(keys);
    this.#lookUp = new LookUp({ sessions, holdings, keys, resets, salt, graceMs });
  }

  get totals(): SessionTotals {
    const [v4 = 0, v6_address = 0, framed_prefix = 0, delegated_prefix = 0] = this.#holdings.kinds;
    return {
      sessions: this.#sessions.count,
      holdings: this.#holdings.count,
      byKind: { v4, v6_address, framed_prefix, delegated_prefix },
      bytes: this.#sessions.bytes + this.#holdings.bytes,
      nases: this.#resets.nases,
      events: this.#events,
      expired: this.#expired,
      evictions: this.#evictions,
      refused: this.#refused + this.#keys.refused,
    };
  }

  /** Sessions known. */
  get size(): number {
    return this.#sessions.count;
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

    let session = this.#sessions.incarnation(keyLow, keyHigh, at);
    let end = OPEN;
    if (session !== 0) {
      const knownBegin = this.#sessions.begin(session);
      const knownEnd = this.#sessions.end(session);
      const startMoved = this.#sessions.state(session) & STARTED && Math.abs(at - knownBegin) > SAME_START_MS;
      if (status === START && startMoved) {
        if (at < knownBegin) end = knownBegin;
        else if (at < knownEnd) this.#sessions.setEnd(session, at);
        session = 0;
      } else if (begin > knownEnd && (status !== STOP || toldMs > 0)) session = 0;
    }
    const isNew = session === 0;
    if (isNew) {
      if (this.#sessions.count === MAX_SESSIONS) {
        this.#refused++;
        return;
      }
      session = this.#sessions.create(keyLow, keyHigh, nas, begin, end);
      this.#sessions.setPlace(session, this.#places.ofEvent(columns, words, row));
    }
    this.#identify(session, columns, row, at);
    const knownStart = this.#sessions.state(session) & STARTED;
    if (status === START) {
      if (!knownStart || at < this.#sessions.begin(session)) this.#sessions.setBegin(session, at);
      this.#sessions.setState(session, STARTED);
    } else if (!knownStart && begin < this.#sessions.begin(session)) this.#sessions.setBegin(session, begin);
    this.#hold(session, addresses, row, status, at, isNew);
    if (status === STOP) {
      const known = this.#sessions.ownEnd(session);
      if (known === OPEN || at > known) this.#sessions.setEnd(session, Math.max(at, this.#sessions.begin(session)));
    }
  }

  /** Who it is: told first is told for good, but for a key that was rotated since. */
  #identify(session: number, columns: SessionColumns, row: number, at: number): void {
    const low = columns.subscriber[row * 2] as number;
    const high = columns.subscriber[row * 2 + 1] as number;
    if ((low | high) === 0) return;
    const place = this.#sessions.place(session);
    if (this.#sessions.isTold(session)) {
      // Flows from before the rotation may still come within the window.
      const rotatedAtMs = this.#places.rotatesAtMs[place] as number;
      if (at < momentOf(rotatedAtMs) + this.#windowMs) return;
    }
    this.#sessions.setSubscriber(session, low, high);
    const rotatesAtMs = getU64(columns.rotates_at, row);
    const nextLow = columns.subscriber_next[row * 2] as number;
    const nextHigh = columns.subscriber_next[row * 2 + 1] as number;
    const rotates = rotatesAtMs > 0 && (nextLow | nextHigh) !== 0;
    if (rotates) this.#sessions.setNextSubscriber(session, nextLow, nextHigh);
    this.#sessions.setPlace(session, this.#places.rotating(place, rotates ? rotatesAtMs : Number.POSITIVE_INFINITY));
  }

  /** Takes up what an event says the session holds. */
  #hold(session: number, addresses: Addresses, row: number, status: number, at: number, isNew: boolean): void {
    const network = this.#places.network[this.#sessions.place(session)] as number;
    let count = 0;
    for (let kind = 0; kind < HOLDING_KINDS.length; kind++) {
      if (!this.#keys.make(addresses, row, kind, network)) continue;
      if (isNew) {
        told[count * TOLD_WORDS] = this.#keys.high;
        told[count * TOLD_WORDS + 1] = this.#keys.low;
        told[count * TOLD_WORDS + 2] = ((kind << KIND_SHIFT) | (this.#keys.keyClass << CLASS_SHIFT) | session) >>> 0;
        count++;
      } else this.#holdAlso(session, kind, status, at);
    }
    if (count === 0) return;
    const block = this.#holdings.takeBlock(count);
    for (let i = 0; i < count; i++) {
      const at = i * TOLD_WORDS;
      this.#holdings.link(block + i, told[at] as number, told[at + 1] as number, told[at + 2] as number);
    }
    this.#sessions.setWord(session, FIRST_HOLDING, block);
    this.#sessions.setState(session, count << COUNT_SHIFT);
  }

  /** A session that is known tells of a key: it holds it already, holds it also or holds it now instead. */
  #holdAlso(session: number, kind: number, status: number, at: number): void {
    const owner = ((kind << KIND_SHIFT) | (this.#keys.keyClass << CLASS_SHIFT) | session) >>> 0;
    let current = 0;
    let later = 0;
    let ofKind = 0;
    let next = this.#sessions.word(session, FIRST_HOLDING);
    const listed = (this.#sessions.state(session) & LISTED) !== 0;
    const count = (this.#sessions.state(session) & COUNT_MASK) >>> COUNT_SHIFT;
    for (let i = 0; next !== 0 && (listed || i < count); i++) {
      if (this.#holdings.word(next, OWNER) >>> KIND_SHIFT === kind) {
        const end = listed ? this.#holdings.timesEnd(next) : OPEN;
        ofKind++;
        if (end === OPEN) current = next;
        const same =
          this.#holdings.word(next, HIGH) === this.#keys.high &&
          this.#holdings.word(next, LOW) === this.#keys.low &&
          this.#holdings.word(next, OWNER) === owner;
        if (same && at < end) {
          if (this.#holdings.begin(next, session) <= at) return;
          later = next;
        }
      }
      next = listed ? this.#holdings.word(next + 1, SIBLING) : next + 1;
    }
    if (later !== 0) {
      // It was held before it was first said to be; where others were held between, when is not known.
      if (ofKind === 1 && listed) this.#holdings.setTimes(later, at, this.#holdings.timesEnd(later), status === START);
      return;
    }
    // Of two addresses of a kind a Stop tells only that one of them was there.
    if (status === STOP && current !== 0) return;
    const [high, low] = [this.#keys.high, this.#keys.low];
    if (!listed) current = this.#makeList(session, current);
    let end = OPEN;
    // What the Start did not tell, and a later message did, came later.
    let ofSession =
      current === 0 &&
      (status !== INTERIM || !(this.#sessions.state(session) & STARTED) || this.#sessions.begin(session) === at);
    if (current !== 0) {
      const currentOfSession = (this.#holdings.word(current + 1, OWN_HIGHS) & OF_SESSION) !== 0;
      const currentBegin = currentOfSession ? this.#sessions.begin(session) : this.#holdings.timesBegin(current);
      if (status === START && currentOfSession) {
        // What the Start told went before what an earlier message told; when is not known.
        return;
      }
      if (at < currentBegin || status === START) {
        end = currentBegin;
        ofSession = status === START;
      } else this.#holdings.setTimesEnd(current, at);
    }
    const holding = this.#holdings.takeBlock(2);
    this.#holdings.setTimes(holding, at, end, ofSession);
    this.#holdings.setWord(holding + 1, SIBLING, this.#sessions.word(session, FIRST_HOLDING));
    this.#sessions.setWord(session, FIRST_HOLDING, holding);
    this.#holdings.link(holding, high, low, owner);
  }

  /** Gives the holdings of a session times of their own; gives the number that `follow` has now. */
  #makeList(session: number, follow: number): number {
    const block = this.#sessions.word(session, FIRST_HOLDING);
    const count = (this.#sessions.state(session) & COUNT_MASK) >>> COUNT_SHIFT;
    let followed = 0;
    let first = 0;
    for (let i = 0; i < count; i++) {
      const [high, low, owner] = [HIGH, LOW, OWNER].map((word) => this.#holdings.word(block + i, word)) as [
        number,
        number,
        number,
      ];
      this.#holdings.unlink(block + i);
      const holding = this.#holdings.takeBlock(2);
      this.#holdings.setTimes(holding, 0, OPEN, true);
      this.#holdings.setWord(holding + 1, SIBLING, first);
      this.#holdings.link(holding, high, low, owner);
      if (block + i === follow) followed = holding;
      first = holding;
    }
    if (count > 0) this.#holdings.freeBlock(block, count);
    this.#sessions.setWord(session, FIRST_HOLDING, first);
    this.#sessions.setWord(session, NAS_STATE, (this.#sessions.word(session, NAS_STATE) & ~COUNT_MASK) | LISTED);
    return followed;
  }

  /** The holding of one address at a moment; -1 where there is none. See findAll. */
  find(words: Uint32Array, at: number, port: number, network: number, atMs: number): number {
    one.words.set(words.subarray(at, at + 4));
    one.port[0] = port;
    one.network[0] = network;
    one.atMs[0] = atMs;
    this.#lookUp.findAll(one, 1, one.found);
    return one.found[0] as number;
  }

  /**
   * The holdings of addresses, each at its moment, into `found`; -1 where there is none. Of prefixes the
   * longest that covers the moment; where none does, one that began or ended within the grace of it. Many are
   * looked up side by side, a step at a time, so that the waits for memory overlap. Bench: sessions.bench.ts.
   */
  findAll(wanted: Wanted, rows: number, found: Int32Array): void {
    this.#lookUp.findAll(wanted, rows, found);
  }

  /** Writes the subscriber of a holding at a moment to `out`, low word first; zero where it is not told. */
  subscriber(holding: number, atMs: number, out: Uint32Array, at: number): void {
    const session = this.#holdings.word(holding, OWNER) & SESSION_MASK;
    const rotatesAtMs = this.#places.rotatesAtMs[this.#sessions.place(session)] as number;
    this.#sessions.subscriber(session, atMs >= rotatesAtMs, out, at);
  }

  /** Where the holder of a holding is: a number for `operator`, `region` and `access`. */
  placeOf(holding: number): number {
    return this.#sessions.place(this.#holdings.word(holding, OWNER) & SESSION_MASK);
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
    const count = Math.min(most, this.#sessions.records.last);
    let gone = 0;
    for (let i = 0; i < count; i++) {
      this.#sweepAt = this.#sweepAt >= this.#sessions.records.last ? 1 : this.#sweepAt + 1;
      const session = this.#sweepAt;
      if ((this.#sessions.state(session) & USED) === 0) continue;
      if (this.#sessions.end(session) <= before) this.#expired++;
      else if (this.#isSuperseded(session, before)) this.#evictions++;
      else continue;
      this.#remove(session);
      gone++;
    }
    return gone;
  }

  /** True where everything an open session held had gone to others by a moment. */
  #isSuperseded(session: number, moment: number): boolean {
    let holding = this.#sessions.word(session, FIRST_HOLDING);
    const state = this.#sessions.state(session);
    const count = (state & COUNT_MASK) >>> COUNT_SHIFT;
    if (holding === 0) return this.#sessions.begin(session) <= moment;
    for (let i = 0; holding !== 0 && (state & LISTED || i < count); i++) {
      if (!this.#isTaken(holding, moment)) return false;
      holding = state & LISTED ? this.#holdings.word(holding + 1, SIBLING) : holding + 1;
    }
    return true;
  }

  #isTaken(holding: number, moment: number): boolean {
    if (this.#holdings.end(holding) <= moment) return true;
    const owner = this.#holdings.word(holding, OWNER);
    const session = owner & SESSION_MASK;
    const begin = this.#holdings.begin(holding, session);
    // Who took it began later, and by that moment.
    if (begin >= moment) return false;
    const high = this.#holdings.word(holding, HIGH);
    const low = this.#holdings.word(holding, LOW);
    const keyClass = (owner >>> CLASS_SHIFT) & 15;
    let other = this.#holdings.index.head(this.#holdings.index.bucketOf(this.#holdings.hash(high, low, owner)));
    for (; other !== 0; other = this.#holdings.word(other, NEXT_HOLDING)) {
      const otherOwner = this.#holdings.word(other, OWNER);
      if (
        this.#holdings.word(other, HIGH) === high &&
        this.#holdings.word(other, LOW) === low &&
        ((otherOwner >>> CLASS_SHIFT) & 15) === keyClass &&
        (otherOwner & SESSION_MASK) !== session
      ) {
        const otherBegin = this.#holdings.begin(other, otherOwner & SESSION_MASK);
        if (otherBegin > begin && otherBegin <= moment) return true;
      }
    }
    return false;
  }

  #remove(session: number): void {
    const state = this.#sessions.state(session);
    const first = this.#sessions.word(session, FIRST_HOLDING);
    const count = (state & COUNT_MASK) >>> COUNT_SHIFT;
    if (state & LISTED) {
      for (let holding = first; holding !== 0; ) {
        const sibling = this.#holdings.word(holding + 1, SIBLING);
        this.#holdings.unlink(holding);
        this.#holdings.freeBlock(holding, 2);
        holding = sibling;
      }
    } else if (count > 0) {
      for (let i = 0; i < count; i++) this.#holdings.unlink(first + i);
      this.#holdings.freeBlock(first, count);
    }
    this.#sessions.remove(session);
  }
}
