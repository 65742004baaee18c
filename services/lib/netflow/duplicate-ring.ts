const SLOTS = 32;

/** Hash of all bytes, in two words: quick, not meant against forgery. */
function hashBytes(view: DataView, words: Int32Array): void {
  const length = view.byteLength;
  let a = length;
  let b = 0x9e37_79b9;
  let at = 0;
  for (; at + 16 <= length; at += 16) {
    a = Math.imul(a ^ view.getInt32(at), 0x85eb_ca6b);
    b = Math.imul(b ^ view.getInt32(at + 4), 0xc2b2_ae35);
    a = Math.imul((a ^ (a >>> 15)) + view.getInt32(at + 8), 0x27d4_eb2f);
    b = Math.imul((b ^ (b >>> 13)) + view.getInt32(at + 12), 0x1656_67b1);
  }
  for (; at < length; at++) {
    a = Math.imul(a ^ view.getUint8(at), 0x0100_0193);
    b = Math.imul(b + view.getUint8(at), 0x85eb_ca6b);
  }
  words[0] = a ^ (b >>> 16);
  words[1] = b ^ (a >>> 13);
}

/** The last datagrams of a session, to know one that comes twice. */
export class DuplicateRing {
  readonly #sequences = new Uint32Array(SLOTS);
  readonly #hashes = new Int32Array(SLOTS * 2);
  readonly #receivedAtMs = new Float64Array(SLOTS).fill(Number.NEGATIVE_INFINITY);
  readonly #units = new Int32Array(SLOTS);
  readonly #hash = new Int32Array(2);
  #next = 0;

  /**
   * Remembers a datagram; returns the units of its sequence where the same bytes with the same sequence
   * number came within the window before, -1 where it is new.
   */
  see(view: DataView, sequence: number, receivedAtMs: number, windowMs: number): number {
    hashBytes(view, this.#hash);
    const [a, b] = this.#hash;
    for (let i = 0; i < SLOTS; i++) {
      if (this.#sequences[i] !== sequence || this.#hashes[2 * i] !== a || this.#hashes[2 * i + 1] !== b) continue;
      if (Math.abs(receivedAtMs - (this.#receivedAtMs[i] as number)) <= windowMs) return this.#units[i] as number;
    }
    const slot = this.#next;
    this.#next = (slot + 1) % SLOTS;
    this.#sequences[slot] = sequence;
    this.#hashes[2 * slot] = a as number;
    this.#hashes[2 * slot + 1] = b as number;
    this.#receivedAtMs[slot] = receivedAtMs;
    this.#units[slot] = 0;
    return -1;
  }

  /** Notes what the datagram seen last added to the sequence. */
  noteUnits(units: number): void {
    this.#units[(this.#next + SLOTS - 1) % SLOTS] = Math.max(0, units);
  }
}
