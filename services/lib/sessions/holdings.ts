import type { Held } from "./held.ts";
import { hashOf, PUBLIC_V4 } from "./keys.ts";
import { highOf, joinMoment, OPEN } from "./moments.ts";
import { Records } from "./records.ts";
import {
  HELD,
  HELD_IN_RECORD,
  HELD_KEYS,
  KIND_BITS,
  LISTED,
  NAS_STATE,
  SESSION_WORDS,
  type SessionRecords,
  WHAT_BITS,
  WHAT_MASK,
} from "./session-records.ts";
import { TagIndex } from "./tag-index.ts";

// Words of a holding of a list.
const HIGH = 0;
/** Of a public IPv4 address its block of ports, last (16) and first (16); of a private one its network. */
const LOW = 1;
/** What it is, as in HELD of a session. */
const WHAT = 2;
const OWN_BEGIN = 3;
const OWN_END = 4;
/** High bits of begin and end (8 each); OF_SESSION where it began with its session. */
const OWN_HIGHS = 5;
const SIBLING = 6;
/** The eighth is free: two holdings are a line of the cache. */
export const LISTED_WORDS = 8;
const OF_SESSION = 1 << 16;

/** What a holding is, in seven bits: class of its key plus one, its kind. */
const whatOf = (keyClass: number, kind: number): number => ((keyClass + 1) << KIND_BITS) | kind;
const classOfWhat = (what: number): number => (what >>> KIND_BITS) - 1;
const kindOfWhat = (what: number): number => what & ((1 << KIND_BITS) - 1);

/**
 * What sessions hold: keys in the record of their session while all came and go with it, else in a list. Filed by
 * key, with the number of the session.
 */
export class Holdings {
  readonly index: TagIndex;
  readonly listed = new Records(LISTED_WORDS);
  /** Holdings by kind. */
  readonly kinds = [0, 0, 0, 0];
  readonly #sessions: SessionRecords;
  readonly #salt: number;
  #freeListed = 0;

  constructor(slots: number, sessions: SessionRecords, salt: number) {
    this.index = new TagIndex(slots);
    this.#sessions = sessions;
    this.#salt = salt;
  }

  get count(): number {
    return this.index.count;
  }

  get bytes(): number {
    return this.listed.bytes + this.index.bytes;
  }

  /** The hash of a key; ports are no part of it. */
  hash(high: number, low: number, keyClass: number): number {
    return hashOf(high, keyClass === PUBLIC_V4 ? 0 : low, this.#salt + keyClass);
  }

  #file(session: number, high: number, low: number, what: number): void {
    this.index.add(this.hash(high, low, classOfWhat(what)), session);
    (this.kinds[kindOfWhat(what)] as number) += 1;
  }

  /** A session that is new holds a key also, as long as it lasts. */
  give(session: number, high: number, low: number, keyClass: number, kind: number): void {
    const what = whatOf(keyClass, kind);
    if ((this.#sessions.state(session) & LISTED) === 0) {
      const held = this.#sessions.word(session, HELD);
      const slot = heldIn(held);
      if (slot < HELD_IN_RECORD) {
        this.#sessions.setWord(session, HELD, held | (what << (slot * WHAT_BITS)));
        this.#sessions.setWord(session, HELD_KEYS + slot * 2, high);
        this.#sessions.setWord(session, HELD_KEYS + slot * 2 + 1, low);
        this.#file(session, high, low, what);
        return;
      }
      this.makeList(session);
    }
    this.#list(session, high, low, what, 0, OPEN, true);
    this.#file(session, high, low, what);
  }

  /** A session whose holdings are a list holds a key also, from a moment of its own or with its session, to another. */
  giveAt(
    session: number,
    high: number,
    low: number,
    keyClass: number,
    kind: number,
    begin: number,
    end: number,
    ofSession: boolean,
  ): void {
    const what = whatOf(keyClass, kind);
    this.#list(session, high, low, what, begin, end, ofSession);
    this.#file(session, high, low, what);
  }

  /** Gives the holdings of a session times of their own. */
  makeList(session: number): void {
    const words = this.#sessions.records.words;
    const place = session * SESSION_WORDS;
    const held = words[place + HELD] as number;
    words[place + HELD] = 0;
    words[place + NAS_STATE] = (words[place + NAS_STATE] as number) | LISTED;
    for (let slot = 0; slot < heldIn(held); slot++) {
      const key = place + HELD_KEYS + slot * 2;
      const what = (held >>> (slot * WHAT_BITS)) & WHAT_MASK;
      this.#list(session, words[key] as number, words[key + 1] as number, what, 0, OPEN, true);
    }
  }

  /** Puts a holding in front of the list of its session. */
  #list(
    session: number,
    high: number,
    low: number,
    what: number,
    begin: number,
    end: number,
    ofSession: boolean,
  ): void {
    let holding = this.#freeListed;
    if (holding !== 0) this.#freeListed = this.#word(holding, SIBLING);
    else holding = this.listed.take();
    const { words } = this.listed;
    const at = holding * LISTED_WORDS;
    words[at + HIGH] = high;
    words[at + LOW] = low;
    words[at + WHAT] = what;
    words[at + SIBLING] = this.#sessions.word(session, HELD);
    this.setTimes(holding, begin, end, ofSession);
    this.#sessions.setWord(session, HELD, holding);
  }

  /** Tells what a session holds. */
  tell(session: number, held: Held): void {
    const words = this.#sessions.records.words;
    const place = session * SESSION_WORDS;
    const what = words[place + HELD] as number;
    held.count = 0;
    if (((words[place + NAS_STATE] as number) & LISTED) !== 0) {
      for (let holding = what; holding !== 0; holding = this.next(holding)) this.#tellListed(session, holding, held);
      return;
    }
    const begin = this.#sessions.begin(session);
    const end = this.#sessions.end(session);
    for (let slot = 0; slot < heldIn(what); slot++) {
      const key = place + HELD_KEYS + slot * 2;
      put(held, words[key] as number, words[key + 1] as number, (what >>> (slot * WHAT_BITS)) & WHAT_MASK, begin, end);
    }
  }

  #tellListed(session: number, holding: number, held: Held): void {
    const begin = this.isOfSession(holding) ? this.#sessions.begin(session) : this.ownBegin(holding);
    const end = Math.min(this.#sessions.end(session), this.ownEnd(holding));
    put(held, this.#word(holding, HIGH), this.#word(holding, LOW), this.#word(holding, WHAT), begin, end);
  }

  /** Takes all that a session holds out of the index; its list is free. */
  takeAll(session: number, held: Held): void {
    this.tell(session, held);
    for (let i = 0; i < held.count; i++) {
      const keyClass = held.keyClass[i] as number;
      this.index.remove(this.hash(held.high[i] as number, held.low[i] as number, keyClass), session);
      (this.kinds[held.kind[i] as number] as number) -= 1;
    }
    if ((this.#sessions.state(session) & LISTED) === 0) return;
    for (let holding = this.#sessions.word(session, HELD); holding !== 0; ) {
      const sibling = this.next(holding);
      this.listed.words[holding * LISTED_WORDS + SIBLING] = this.#freeListed;
      this.#freeListed = holding;
      holding = sibling;
    }
  }

  #word(holding: number, word: number): number {
    return this.listed.words[holding * LISTED_WORDS + word] as number;
  }

  /** The holding of a list that follows another one; 0 at the end. */
  next(holding: number): number {
    return this.#word(holding, SIBLING);
  }

  /** Whether a holding of a list is of a key. */
  isOf(holding: number, high: number, low: number, keyClass: number): boolean {
    return (
      this.#word(holding, HIGH) === high &&
      this.#word(holding, LOW) === low &&
      classOfWhat(this.#word(holding, WHAT)) === keyClass
    );
  }

  /** The kind of a holding of a list. */
  kind(holding: number): number {
    return kindOfWhat(this.#word(holding, WHAT));
  }

  /** Whether a holding of a list began with its session. */
  isOfSession(holding: number): boolean {
    return (this.#word(holding, OWN_HIGHS) & OF_SESSION) !== 0;
  }

  /** When a holding of a list says that it began, where not with its session. */
  ownBegin(holding: number): number {
    return joinMoment(this.#word(holding, OWN_BEGIN), this.#word(holding, OWN_HIGHS) & 0xff);
  }

  /** When a holding of a list ended before its session; OPEN where it did not. */
  ownEnd(holding: number): number {
    return joinMoment(this.#word(holding, OWN_END), (this.#word(holding, OWN_HIGHS) >>> 8) & 0xff);
  }

  setTimes(holding: number, begin: number, end: number, ofSession: boolean): void {
    const at = holding * LISTED_WORDS;
    this.listed.words[at + OWN_BEGIN] = begin;
    this.listed.words[at + OWN_END] = end;
    this.listed.words[at + OWN_HIGHS] = highOf(begin) | (highOf(end) << 8) | (ofSession ? OF_SESSION : 0);
  }
}

/** How many holdings a word HELD tells of; they are in front. */
function heldIn(held: number): number {
  return held === 0 ? 0 : 1 + Math.floor((31 - Math.clz32(held)) / WHAT_BITS);
}

function put(held: Held, high: number, low: number, what: number, begin: number, end: number): void {
  const at = held.count++;
  held.high[at] = high;
  held.low[at] = low;
  held.keyClass[at] = classOfWhat(what);
  held.kind[at] = kindOfWhat(what);
  held.begin[at] = begin;
  held.end[at] = end;
}
