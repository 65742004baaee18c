/** Bytes of the last datagrams of all exporters that are kept to compare with. */
const HISTORY_BYTES = 4_194_304;
/** Datagrams of one session that are compared. */
const SLOTS = 32;

/**
 * The bytes of the last datagrams, of all exporters together: a datagram is a duplicate only if it is the
 * same in every byte, and copying is cheaper than hashing.
 */
export class DatagramHistory {
  /** Made with the first datagram. */
  #bytes = new Uint8Array(0);
  /** Bytes ever written; a position is one of these numbers. */
  #written = 0;

  /** Keeps a copy and returns its position. */
  keep(datagram: Uint8Array): number {
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(HISTORY_BYTES);
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
  readonly #receivedAtMs = new Float64Array(SLOTS);
  readonly #units = new Int32Array(SLOTS);
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
    for (let i = 0; i < SLOTS; i++) {
      if (this.#sequences[i] !== sequence || this.#lengths[i] !== datagram.length) continue;
      if (Math.abs(receivedAtMs - (this.#receivedAtMs[i] as number)) > windowMs) continue;
      if (history.holds(this.#positions[i] as number, datagram)) return this.#units[i] as number;
    }
    this.#last = (this.#last + 1) % SLOTS;
    this.#sequences[this.#last] = sequence;
    this.#lengths[this.#last] = datagram.length;
    this.#positions[this.#last] = history.keep(datagram);
    this.#receivedAtMs[this.#last] = receivedAtMs;
    this.#units[this.#last] = 0;
    return -1;
  }

  /** Notes what the datagram seen last added to the sequence. */
  noteUnits(units: number): void {
    this.#units[this.#last] = Math.max(0, units);
  }
}
