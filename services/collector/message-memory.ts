/** Smaller messages are not worth keeping memory for. */
const KEPT_MIN_BYTES = 65_536;
/** Pieces kept: the bus seldom has more messages under way. */
const KEPT_PIECES = 6;
const ROUND_BYTES = 1_048_576;

/**
 * Memory for the messages under way, used again: a new piece of megabytes for every message costs page
 * faults and, as memory outside the heap, makes the engine collect its whole heap many times a second.
 */
export class MessageMemory {
  readonly #free: Uint8Array[] = [];

  /** `bytes` bytes of whatever content. */
  take(bytes: number): Uint8Array {
    if (bytes < KEPT_MIN_BYTES) return new Uint8Array(bytes);
    let best = -1;
    for (const [i, { length }] of this.#free.entries()) {
      if (length >= bytes && (best < 0 || length < (this.#free[best] as Uint8Array).length)) best = i;
    }
    const piece =
      best < 0
        ? new Uint8Array(Math.ceil(bytes / ROUND_BYTES) * ROUND_BYTES)
        : (this.#free.splice(best, 1)[0] as Uint8Array);
    return piece.subarray(0, bytes);
  }

  /** Takes back memory that nobody reads any more. */
  give(message: Uint8Array): void {
    if (message.length < KEPT_MIN_BYTES) return;
    this.#free.push(new Uint8Array(message.buffer));
    // The newest pieces are the likeliest to be of the size that is needed now.
    if (this.#free.length > KEPT_PIECES) this.#free.shift();
  }
}
