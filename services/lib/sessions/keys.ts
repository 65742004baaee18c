/** Classes of keys: an IPv4 address, one that is unique only within its place, and IPv6 prefixes by length. */
export const PUBLIC_V4 = 0;
export const PRIVATE_V4 = 1;
const FIRST_LENGTH_CLASS = 2;
/** Lengths of prefixes that are known at once; a class is four bits. */
const MAX_LENGTHS = 14;

const HALF_BITS = 64;
const WORD_BITS = 32;
/** Of the hash by which ranges of 32 bits are told apart. */
const RANGE_BITS = 12;

/** Ranges of one hash share what is known of them, at the price of a look-up. */
const rangeOf = (first: number): number => Math.imul(first, 0x9e3779b1) >>> (32 - RANGE_BITS);

/** ::ffff:0:0/96 in memory order. */
const MAPPED = 0xffff0000;

/** True where the four words of an address are IPv4, as ::ffff:a.b.c.d. */
export function isV4(words: Uint32Array, at: number): boolean {
  return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === MAPPED;
}

/** RFC 1918 and RFC 6598: addresses that every network gives out anew. `word` is in memory order. */
export function isPrivateV4(word: number): boolean {
  const first = word & 0xff;
  const second = (word >>> 8) & 0xff;
  return (
    first === 10 ||
    (first === 172 && (second & 0xf0) === 16) ||
    (first === 192 && second === 168) ||
    (first === 100 && (second & 0xc0) === 64)
  );
}

/** The bits of word `index` of an address that a prefix of so many bits covers, in memory order. */
function maskWord(length: number, index: number): number {
  const bits = Math.min(32, Math.max(0, length - 32 * index));
  const mask = bits === 0 ? 0 : (0xffff_ffff << (32 - bits)) >>> 0;
  return (((mask & 0xff) << 24) | ((mask & 0xff00) << 8) | ((mask >>> 8) & 0xff00) | (mask >>> 24)) >>> 0;
}

/** One step of MurmurHash3 (x86, 32 bits). */
function mix(hash: number, word: number, a: number, b: number): number {
  let k = Math.imul(word, a);
  k = Math.imul((k << 15) | (k >>> 17), b);
  const mixed = hash ^ k;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

/** A hash of two words and a salt, well mixed in all its 32 bits, as a signed integer. */
export function hashOf(high: number, low: number, salt: number): number {
  let hash = mix(salt, high, 0xcc9e2d51, 0x1b873593);
  hash = mix(hash, low, 0xcc9e2d51, 0x1b873593);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Keys of two words each. */
export interface Keys {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
}

/**
 * Keys of IPv6 prefixes of every length that sessions hold, longest first. Up to /64 a key is the prefix;
 * beyond, two hashes under a seed stand for its 128 bits: of 40 million keys any two are alike with a
 * chance of 1 in 20,000.
 */
export class PrefixKeys {
  /** Lengths there are, longest first, and the class of each. */
  lengths: number[] = [];
  classes: number[] = [];
  readonly #classOf = new Int8Array(129).fill(-1);
  /** By range: bits of the classes of which a prefix is in it. */
  readonly #within = new Uint16Array(1 << RANGE_BITS);
  /** Bits of the classes of prefixes shorter than /32, which are in many ranges. */
  #everywhere = 0;
  readonly #masks = Array.from({ length: 129 }, (_, length) =>
    Uint32Array.from([0, 1, 2, 3], (index) => maskWord(length, index)),
  );
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** The class of a length, given to it now where it has none; -1 where there are too many. */
  classOf(length: number): number {
    const known = this.#classOf[length] as number;
    if (known >= 0 || this.lengths.length === MAX_LENGTHS) return known;
    const given = FIRST_LENGTH_CLASS + this.lengths.length;
    this.#classOf[length] = given;
    this.lengths = [...this.lengths, length].sort((a, b) => b - a);
    this.classes = this.lengths.map((it) => this.#classOf[it] as number);
    return given;
  }

  /** Takes note that there is a prefix of a length, whose class and first 32 bits are told. */
  note(first: number, length: number, keyClass: number): void {
    const bit = 1 << keyClass;
    const range = rangeOf(first);
    if (length >= WORD_BITS) this.#within[range] = (this.#within[range] as number) | bit;
    else this.#everywhere |= bit;
  }

  /** Bits of the classes of which there may be a prefix that holds an address of these first 32 bits. */
  classesAt(first: number): number {
    return (this.#within[rangeOf(first)] as number) | this.#everywhere;
  }

  /** Makes the n-th keys those of an address under a length. */
  make(words: Uint32Array, at: number, length: number, keys: Keys, n: number): void {
    const mask = this.#masks[length] as Uint32Array;
    const first = (words[at] as number) & (mask[0] as number);
    const second = (words[at + 1] as number) & (mask[1] as number);
    if (length <= HALF_BITS) {
      keys.high[n] = first;
      keys.low[n] = second;
      return;
    }
    const third = (words[at + 2] as number) & (mask[2] as number);
    const fourth = (words[at + 3] as number) & (mask[3] as number);
    let high = mix(mix(this.#seed, first, 0xcc9e2d51, 0x1b873593), second, 0xcc9e2d51, 0x1b873593);
    high = mix(mix(high, third, 0xcc9e2d51, 0x1b873593), fourth, 0xcc9e2d51, 0x1b873593);
    let low = mix(mix(~this.#seed, fourth, 0x239b961b, 0xab0e9789), third, 0x239b961b, 0xab0e9789);
    low = mix(mix(low, second, 0x239b961b, 0xab0e9789), first, 0x239b961b, 0xab0e9789);
    keys.high[n] = hashOf(high, low, this.#seed);
    keys.low[n] = hashOf(low, high, ~this.#seed);
  }
}
