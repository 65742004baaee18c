/**
 * Buckets by hash that grow one at a time, by linear hashing (Litwin 1980), so that neither a pause nor a second
 * copy comes with growth. What a bucket is, its owner knows.
 */
export class Buckets {
  /** Buckets there are. */
  count: number;
  /** Buckets of the last full doubling, less one. */
  #mask: number;

  /** `count` is rounded up to a power of two. */
  constructor(count: number) {
    this.count = 2 ** Math.ceil(Math.log2(count));
    this.#mask = this.count - 1;
  }

  /** The bucket of a hash. */
  of(hash: number): number {
    const wide = hash & (this.#mask * 2 + 1);
    return wide >>> 0 < this.count ? wide >>> 0 : hash & this.#mask;
  }

  /** Adds a bucket; gives the one that is to be shared out between it and the new one. */
  split(): number {
    const split = this.count - this.#mask - 1;
    this.count++;
    if (this.count === (this.#mask + 1) * 2) this.#mask = this.count - 1;
    return split;
  }
}
