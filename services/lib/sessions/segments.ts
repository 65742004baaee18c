const SEGMENT_BITS = 19;
const SEGMENT_RECORDS = 1 << SEGMENT_BITS;
const SEGMENT_MASK = SEGMENT_RECORDS - 1;

/** Where a record lies: in which segment, and at which of its records. */
export const segmentOf = (id: number): number => id >>> SEGMENT_BITS;
export const recordOf = (id: number): number => id & SEGMENT_MASK;

/**
 * Records of a few u32 each, numbered from 1, in segments that are added one by one: growing copies nothing
 * and never holds the old beside the new. Record 0 is there and stays zero.
 */
export class Segments {
  readonly segments: Uint32Array[] = [];
  readonly #words: number;
  #next = 1;

  constructor(words: number) {
    this.#words = words;
    this.reach(0);
  }

  get bytes(): number {
    return this.segments.length * SEGMENT_RECORDS * this.#words * 4;
  }

  /** The highest number given out so far. */
  get last(): number {
    return this.#next - 1;
  }

  /** Takes `count` new records of consecutive numbers; gives the first number. All their words are zero. */
  take(count: number): number {
    const id = this.#next;
    this.#next += count;
    this.reach(this.#next - 1);
    return id;
  }

  /** Makes the record of a number exist. */
  reach(id: number): void {
    while (segmentOf(id) >= this.segments.length) this.segments.push(new Uint32Array(SEGMENT_RECORDS * this.#words));
  }
}
