import { recordOf, Segments, segmentOf } from "./segments.ts";

/**
 * Heads of chains of records by hash, by linear hashing (Litwin 1980): it grows a bucket at a time, so that
 * neither a pause nor a second copy comes with growth. The records hold their chains' links.
 */
export class BucketIndex {
  /** Head of bucket b is word b; 0 ends a chain. */
  readonly heads = new Segments(1);
  /** Buckets of the last full doubling, less one. */
  mask: number;
  /** Buckets there are. */
  buckets: number;

  /** `buckets` is rounded up to a power of two. */
  constructor(buckets: number) {
    this.buckets = 2 ** Math.max(4, Math.ceil(Math.log2(buckets)));
    this.mask = this.buckets - 1;
    this.heads.reach(this.buckets - 1);
  }

  get bytes(): number {
    return this.heads.bytes;
  }

  bucketOf(hash: number): number {
    const wide = hash & (this.mask * 2 + 1);
    return wide >>> 0 < this.buckets ? wide >>> 0 : hash & this.mask;
  }

  head(bucket: number): number {
    return (this.heads.segments[segmentOf(bucket)] as Uint32Array)[recordOf(bucket)] as number;
  }

  setHead(bucket: number, id: number): void {
    (this.heads.segments[segmentOf(bucket)] as Uint32Array)[recordOf(bucket)] = id;
  }

  /** Adds a bucket; gives the one whose chain is to be shared out between it and the new one. */
  split(): number {
    const split = this.buckets - this.mask - 1;
    this.heads.reach(this.buckets);
    this.setHead(this.buckets, 0);
    this.buckets++;
    if (this.buckets === (this.mask + 1) * 2) this.mask = this.buckets - 1;
    return split;
  }
}
