/** Bytes of the last datagrams of all exporters that are kept to compare with. */
const HISTORY_BYTES = 8_388_608;
/** A place that so many bytes were written behind is left to be overwritten by others. */
const REUSED_BYTES = HISTORY_BYTES / 2;
/** Datagrams of one session that are compared. */
const SLOTS = 32;

/**
 * The bytes of the last datagrams, of all exporters together: a datagram is a duplicate only if it is the
 * same in every byte, and copying is cheaper than hashing. A ring; but a session whose place in it is young
 * writes there again, so that one busy exporter neither pushes the others out nor leaves the cache. What is
 * kept stays until 4 MiB of others, at least, came behind it.
 */
export class DatagramHistory {
  /** Made with the first datagram. */
  #bytes: Buffer = Buffer.alloc(0);
  /** Bytes ever given places; a position is one of these numbers. */
  #written = 0;

  /** Keeps a copy, where the one at `position` was if that is still young and has room; returns its position. */
  keep(datagram: Uint8Array, position: number, room: number): number {
    if (datagram.length > room || this.#written - position > REUSED_BYTES) return this.#append(datagram);
    this.#bytes.set(datagram, position % HISTORY_BYTES);
    return position;
  }

  #append(datagram: Uint8Array): number {
    if (this.#bytes.length === 0) this.#bytes = Buffer.alloc(HISTORY_BYTES);
    let at = this.#written % HISTORY_BYTES;
    if (at + datagram.length > HISTORY_BYTES) {
      this.#written += HISTORY_BYTES - at;
      at = 0;
    }
    this.#bytes.set(datagram, at);
    const position = this.#written;
    this.#written += datagram.length;
    return position;
  }

  /** Whether the datagram equals the one kept at a position; false where that is overwritten. */
  holds(position: number, datagram: Uint8Array): boolean {
    if (this.#written - position > HISTORY_BYTES) return false;
    const at = position % HISTORY_BYTES;
    for (let i = 0; i < datagram.length; i++) if (this.#bytes[at + i] !== datagram[i]) return false;
    return true;
  }
}

/** The last datagrams of one session, to know one that comes twice. */
export class RecentDatagrams {
  readonly #sequences = new Uint32Array(SLOTS);
  readonly #lengths = new Int32Array(SLOTS).fill(-1);
  readonly #positions = new Float64Array(SLOTS);
  /** Bytes of each slot's place; -1 where it has none yet. */
  readonly #rooms = new Int32Array(SLOTS).fill(-1);
  readonly #receivedAtMs = new Float64Array(SLOTS);
  readonly #units = new Int32Array(SLOTS);
  /** No slot has a higher sequence number: most datagrams need no look at the slots. */
  #highest = -1;
  #last = 0;

  /**
   * Remembers a datagram; returns the units of its sequence where the same bytes with the same sequence
   * number came within the window before, -1 where it is new.
   */
  see(
    datagram: Uint8Array,
    sequence: number,
    receivedAtMs: number,
    windowMs: number,
    history: DatagramHistory,
  ): number {
    if (sequence <= this.#highest) {
      const slot = this.#find(datagram, sequence, receivedAtMs, windowMs, history);
      if (slot >= 0) return this.#units[slot] as number;
    }
    const slot = this.#next();
    const position = this.#positions[slot] as number;
    const room = this.#rooms[slot] as number;
    const kept = history.keep(datagram, position, room);
    if (kept !== position || room < 0) this.#rooms[slot] = datagram.length;
    this.#positions[slot] = kept;
    this.#sequences[slot] = sequence;
    this.#lengths[slot] = datagram.length;
    this.#receivedAtMs[slot] = receivedAtMs;
    this.#units[slot] = 0;
    if (sequence > this.#highest) this.#highest = sequence;
    return -1;
  }

  #find(
    datagram: Uint8Array,
    sequence: number,
    receivedAtMs: number,
    windowMs: number,
    history: DatagramHistory,
  ): number {
    for (let i = 0; i < SLOTS; i++) {
      if (this.#sequences[i] !== sequence || this.#lengths[i] !== datagram.length) continue;
      if (Math.abs(receivedAtMs - (this.#receivedAtMs[i] as number)) > windowMs) continue;
      if (history.holds(this.#positions[i] as number, datagram)) return i;
    }
    return -1;
  }

  /** The slot after the last; where they begin anew, so does their highest number: numbers may have wrapped. */
  #next(): number {
    this.#last++;
    if (this.#last < SLOTS) return this.#last;
    this.#last = 0;
    let highest = -1;
    for (let i = 0; i < SLOTS; i++)
      if ((this.#sequences[i] as number) > highest) highest = this.#sequences[i] as number;
    this.#highest = highest;
    return 0;
  }

  /** Notes what the datagram seen last added to the sequence. */
  noteUnits(units: number): void {
    this.#units[this.#last] = Math.max(0, units);
  }
}
