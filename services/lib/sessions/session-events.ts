import { getU64, SESSION_STATUS_TYPES, type SessionBatch, type SessionColumns } from "@v6meter/schemas";
import { type Addresses, addressesOf, type EventKeys } from "./event-keys.ts";
import { Held } from "./held.ts";
import type { Holdings } from "./holdings.ts";
import { momentOf, OPEN } from "./moments.ts";
import type { BatchWords, Places } from "./places.ts";
import type { Resets } from "./resets.ts";
import { HELD, LISTED, MAX_SESSIONS, type SessionRecords, STARTED } from "./session-records.ts";

/** Kinds of holding; a session holds one of each at a time. */
export const HOLDING_KINDS = ["v4", "v6_address", "framed_prefix", "delegated_prefix"] as const;

/** A Start this far from the Start of a session of its name is another session that was given the name. */
const SAME_START_MS = 5_000;

const {
  start: START,
  stop: STOP,
  interim_update: INTERIM,
  accounting_on: ON,
  accounting_off: OFF,
} = SESSION_STATUS_TYPES;

/** What events are noted in. */
export interface EventParts {
  readonly sessions: SessionRecords;
  readonly holdings: Holdings;
  readonly keys: EventKeys;
  readonly places: Places;
  readonly resets: Resets;
  readonly windowMs: number;
}

/** Notes events of sessions, whichever order they come in. */
export class SessionEvents {
  /** Events that were noted. */
  noted = 0;
  /** Sessions for which there was no room. */
  refused = 0;
  readonly #sessions: SessionRecords;
  readonly #holdings: Holdings;
  readonly #keys: EventKeys;
  readonly #places: Places;
  readonly #resets: Resets;
  readonly #windowMs: number;
  readonly #held = new Held();

  constructor({ sessions, holdings, keys, places, resets, windowMs }: EventParts) {
    this.#sessions = sessions;
    this.#holdings = holdings;
    this.#keys = keys;
    this.#places = places;
    this.#resets = resets;
    this.#windowMs = windowMs;
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
    this.noted += rows;
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
        this.refused++;
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
    const keys = this.#keys;
    for (let kind = 0; kind < HOLDING_KINDS.length; kind++) {
      if (!keys.make(addresses, row, kind, network)) continue;
      if (isNew) this.#holdings.give(session, keys.high, keys.low, keys.keyClass, kind);
      else if (this.#sessions.state(session) & LISTED) this.#holdAlso(session, kind, status, at);
      else this.#holdFirst(session, kind, status, at);
    }
  }

  /** A session whose holdings came and go with it tells of a key: where it is another one, they have times of their own. */
  #holdFirst(session: number, kind: number, status: number, at: number): void {
    const held = this.#held;
    this.#holdings.tell(session, held);
    let isOfKind = false;
    for (let i = 0; i < held.count; i++) {
      if (held.kind[i] !== kind) continue;
      isOfKind = true;
      if (
        held.high[i] === this.#keys.high &&
        held.low[i] === this.#keys.low &&
        held.keyClass[i] === this.#keys.keyClass
      )
        return;
    }
    // Of two addresses of a kind a Stop tells only that one of them was there.
    if (status === STOP && isOfKind) return;
    this.#holdings.makeList(session);
    this.#holdAlso(session, kind, status, at);
  }

  /** A session with a list tells of a key: it holds it already, holds it also or holds it now instead. */
  #holdAlso(session: number, kind: number, status: number, at: number): void {
    const holdings = this.#holdings;
    const { high, low, keyClass } = this.#keys;
    const sessionBegin = this.#sessions.begin(session);
    let current = 0;
    let later = 0;
    let ofKind = 0;
    for (let next = this.#sessions.word(session, HELD); next !== 0; next = holdings.next(next)) {
      if (holdings.kind(next) !== kind) continue;
      const end = holdings.ownEnd(next);
      ofKind++;
      if (end === OPEN) current = next;
      if (holdings.isOf(next, high, low, keyClass) && at < end) {
        if ((holdings.isOfSession(next) ? sessionBegin : holdings.ownBegin(next)) <= at) return;
        later = next;
      }
    }
    if (later !== 0) {
      // It was held before it was first said to be; where others were held between, when is not known.
      if (ofKind === 1) holdings.setTimes(later, at, holdings.ownEnd(later), status === START);
      return;
    }
    if (status === STOP && current !== 0) return;
    let end = OPEN;
    // What the Start did not tell, and a later message did, came later.
    let ofSession =
      current === 0 && (status !== INTERIM || !(this.#sessions.state(session) & STARTED) || sessionBegin === at);
    if (current !== 0) {
      const isOfSession = holdings.isOfSession(current);
      const currentBegin = isOfSession ? sessionBegin : holdings.ownBegin(current);
      // What the Start told went before what an earlier message told; when is not known.
      if (status === START && isOfSession) return;
      if (at < currentBegin || status === START) {
        end = currentBegin;
        ofSession = status === START;
      } else holdings.setTimes(current, holdings.ownBegin(current), at, isOfSession);
    }
    holdings.giveAt(session, high, low, keyClass, kind, at, end, ofSession);
  }
}
