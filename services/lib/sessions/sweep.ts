import { Held } from "./held.ts";
import type { Holdings } from "./holdings.ts";
import { type SessionRecords, USED } from "./session-records.ts";

/** Forgets sessions that are over, some at a time. */
export class Sweep {
  /** Sessions that went after their end. */
  expired = 0;
  /** Sessions that went without having ended: all they held had gone to others. */
  evictions = 0;
  readonly #sessions: SessionRecords;
  readonly #holdings: Holdings;
  readonly #held = new Held();
  readonly #others = new Held();
  readonly #candidates: number[] = [];
  #at = 0;

  constructor(sessions: SessionRecords, holdings: Holdings) {
    this.#sessions = sessions;
    this.#holdings = holdings;
  }

  /** Forgets those that were over at a moment, of `most` sessions that follow those looked at before; gives how many went. */
  expire(before: number, most: number): number {
    const { last } = this.#sessions.records;
    const count = Math.min(most, last);
    let gone = 0;
    for (let i = 0; i < count; i++) {
      this.#at = this.#at >= last ? 1 : this.#at + 1;
      const session = this.#at;
      if ((this.#sessions.state(session) & USED) === 0) continue;
      if (this.#sessions.end(session) <= before) this.expired++;
      else if (this.#isSuperseded(session, before)) this.evictions++;
      else continue;
      this.#holdings.takeAll(session, this.#held);
      this.#sessions.remove(session);
      gone++;
    }
    return gone;
  }

  /** True where everything an open session held had gone to others by a moment. */
  #isSuperseded(session: number, moment: number): boolean {
    const held = this.#held;
    this.#holdings.tell(session, held);
    if (held.count === 0) return this.#sessions.begin(session) <= moment;
    for (let i = 0; i < held.count; i++) if (!this.#isTaken(session, i, moment)) return false;
    return true;
  }

  /** Whether the i-th of what a session held ended or went to another one by a moment. */
  #isTaken(session: number, i: number, moment: number): boolean {
    const { high, low, keyClass, begin, end } = this.#held;
    if ((end[i] as number) <= moment) return true;
    // Who took it began later, and by that moment.
    if ((begin[i] as number) >= moment) return false;
    const hash = this.#holdings.hash(high[i] as number, low[i] as number, keyClass[i] as number);
    const count = this.#holdings.index.sessionsOf(hash, this.#candidates);
    const others = this.#others;
    for (let c = 0; c < count; c++) {
      const other = this.#candidates[c] as number;
      if (other === session) continue;
      this.#holdings.tell(other, others);
      for (let j = 0; j < others.count; j++) {
        const otherBegin = others.begin[j] as number;
        const isSame = others.high[j] === high[i] && others.low[j] === low[i] && others.keyClass[j] === keyClass[i];
        if (isSame && otherBegin > (begin[i] as number) && otherBegin <= moment) return true;
      }
    }
    return false;
  }
}
