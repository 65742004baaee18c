import type { SessionBatch, SessionLabels } from "@v6meter/schemas";
import { EventKeys } from "./event-keys.ts";
import { Holdings } from "./holdings.ts";
import { PrefixKeys } from "./keys.ts";
import { LookUp, type Wanted } from "./look-up.ts";
import { momentOf } from "./moments.ts";
import { Places } from "./places.ts";
import { Resets } from "./resets.ts";
import { HOLDING_KINDS, SessionEvents } from "./session-events.ts";
import { SessionRecords } from "./session-records.ts";
import { Sweep } from "./sweep.ts";

export interface SessionTableOptions {
  /** Holdings the table is made for; it grows as needed. */
  readonly slots: number;
  /** How long an ended session is kept. */
  readonly windowMs: number;
  /** How far from a moment the holding that began or ended next to it may be. */
  readonly graceMs: number;
  /** Keeps outsiders from choosing addresses that fall into one bucket. */
  readonly seed?: number;
}

export { HOLDING_KINDS };
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
  readonly #holdings: Holdings;
  readonly #keys: EventKeys;
  readonly #events: SessionEvents;
  readonly #lookUp: LookUp;
  readonly #sweep: Sweep;

  constructor({ slots, windowMs, graceMs, seed = Math.floor(Math.random() * 0xffff_ffff) }: SessionTableOptions) {
    const [places, resets, salt] = [this.#places, this.#resets, seed | 0];
    const prefixKeys = new PrefixKeys(salt);
    const keys = new EventKeys(prefixKeys);
    const sessions = new SessionRecords(slots / 2, resets, salt);
    const holdings = new Holdings(slots, sessions, salt);
    this.#windowMs = windowMs;
    this.#sessions = sessions;
    this.#holdings = holdings;
    this.#keys = keys;
    this.#events = new SessionEvents({ sessions, holdings, keys, places, resets, windowMs });
    this.#lookUp = new LookUp({ sessions, holdings, keys: prefixKeys, resets, salt, graceMs });
    this.#sweep = new Sweep(sessions, holdings);
  }

  get totals(): SessionTotals {
    const [v4 = 0, v6_address = 0, framed_prefix = 0, delegated_prefix = 0] = this.#holdings.kinds;
    return {
      sessions: this.#sessions.count,
      holdings: this.#holdings.count,
      byKind: { v4, v6_address, framed_prefix, delegated_prefix },
      bytes: this.#sessions.bytes + this.#holdings.bytes,
      nases: this.#resets.nases,
      events: this.#events.noted,
      expired: this.#sweep.expired,
      evictions: this.#sweep.evictions,
      refused: this.#events.refused + this.#keys.refused,
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
    this.#events.apply(batch);
  }

  /** The number of the session that held one address at a moment; -1 where none did. See findAll. */
  find(words: Uint32Array, at: number, port: number, network: number, atMs: number): number {
    one.words.set(words.subarray(at, at + 4));
    one.port[0] = port;
    one.network[0] = network;
    one.atMs[0] = atMs;
    this.#lookUp.findAll(one, 1, one.found);
    return one.found[0] as number;
  }

  /**
   * The numbers of the sessions that held addresses, each at its moment, into `found`; -1 where none did. Of
   * prefixes the longest that covers the moment; where none does, one that began or ended within the grace of it.
   * Numbers are those of sessions until they are forgotten. Bench: sessions.bench.ts.
   */
  findAll(wanted: Wanted, rows: number, found: Int32Array): void {
    this.#lookUp.findAll(wanted, rows, found);
  }

  /** Writes the subscriber of a session at a moment to `out`, low word first; zero where it is not told. */
  subscriber(session: number, atMs: number, out: Uint32Array, at: number): void {
    const rotatesAtMs = this.#places.rotatesAtMs[this.#sessions.place(session)] as number;
    this.#sessions.subscriber(session, atMs >= rotatesAtMs, out, at);
  }

  /** Where a session is: a number for `operator`, `region` and `access`. */
  placeOf(session: number): number {
    return this.#sessions.place(session);
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
    return this.#sweep.expire(momentOf(nowMs - this.#windowMs), most);
  }
}
