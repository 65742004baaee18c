import { adviseHugePages } from "@v6meter/runtime";

/** What of the WebAssembly JavaScript API is used; the types of Node do not tell it, those of browsers would bring all else. */
declare const WebAssembly: {
  Memory: new (limits: {
    initial: number;
    maximum: number;
    shared: true;
  }) => { readonly buffer: SharedArrayBuffer; grow(pages: number): number };
};

const PAGE_BYTES = 65_536;
/** 4 GiB, as much as one memory can be. */
const MOST_PAGES = 65_536;
/** Pages are added by so many: 8 MiB, which are whole huge pages. */
const STEP_PAGES = 128;
/** From this size on, in bytes, memory is asked for in huge pages: below, most of one might stay unused. */
const HUGE_FROM_BYTES = 33_554_432;

/**
 * Records of a few u32 each, numbered from 1, in one memory that grows in place: growing copies nothing and never
 * holds the old beside the new. It is WebAssembly's for two things no ArrayBuffer has: it grows without becoming
 * another one for those that read it, and it begins at a page, so that records of 64 bytes are lines of the cache.
 * Record 0 is there; where numbers are given out by `take`, it stays zero.
 */
export class Records {
  /** All records; another view of the same memory after each growth. */
  words: Uint32Array;
  readonly #memory = new WebAssembly.Memory({ initial: 0, maximum: MOST_PAGES, shared: true });
  readonly #recordWords: number;
  #next = 1;
  /** Words for which huge pages were asked. */
  #advised = 0;

  constructor(recordWords: number) {
    this.#recordWords = recordWords;
    this.words = new Uint32Array(this.#memory.buffer);
    this.reach(0);
  }

  get bytes(): number {
    return this.words.byteLength;
  }

  /** The highest number given out so far. */
  get last(): number {
    return this.#next - 1;
  }

  /** Gives the number of a new record, whose words are all zero. */
  take(): number {
    this.reach(this.#next);
    return this.#next++;
  }

  /** Makes the record of a number exist. */
  reach(id: number): void {
    const lacking = (id + 1) * this.#recordWords * 4 - this.words.byteLength;
    if (lacking <= 0) return;
    const room = MOST_PAGES - this.words.byteLength / PAGE_BYTES;
    const lackingPages = Math.ceil(lacking / PAGE_BYTES);
    this.#memory.grow(Math.max(lackingPages, Math.min(Math.ceil(lackingPages / STEP_PAGES) * STEP_PAGES, room)));
    this.words = new Uint32Array(this.#memory.buffer);
    if (this.words.byteLength < HUGE_FROM_BYTES) return;
    adviseHugePages(this.words.subarray(this.#advised));
    this.#advised = this.words.length;
  }
}
