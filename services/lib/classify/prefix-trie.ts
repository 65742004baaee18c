/** Bits of a step below the root: a node of 16 entries is one cache line. */
const STRIDE = 4;
const FANOUT = 1 << STRIDE;
const ROOT_BITS = 16;

/**
 * Longest-prefix match over one typed array: a table of the first 16 bits, then steps of 4 bits. An
 * entry is a value, or the complement of a node's number. Values are pushed down to the leaves, so that
 * a look-up never goes back. It allocates nothing; 0 stands for no match.
 */
export class PrefixTrie {
  readonly #root = new Int32Array(1 << ROOT_BITS);
  #nodes = new Int32Array(FANOUT * 64);
  #used = 0;

  /**
   * Gives all addresses of a prefix a value (0 to 2^31 - 1). Prefixes must come in order of length,
   * shorter ones first: a longer one overwrites its part.
   */
  insert(bytes: Uint8Array, length: number, value: number): void {
    let entries = this.#root;
    let at = ((bytes[0] as number) << 8) | (bytes[1] as number);
    let end = ROOT_BITS;
    while (length > end) {
      const node = this.#child(entries, at);
      const byte = bytes[end >> 3] as number;
      entries = this.#nodes;
      at = node * FANOUT + (end & STRIDE ? byte & 15 : byte >> 4);
      end += STRIDE;
    }
    entries.fill(value, at, at + (1 << (end - length)));
  }

  /** The node below an entry; where there is none, one that says what the entry said. */
  #child(entries: Int32Array, at: number): number {
    const entry = entries[at] as number;
    if (entry < 0) return ~entry;
    const node = this.#used++;
    // The entry is written first: growing the nodes would leave `entries` behind.
    entries[at] = ~node;
    if (this.#used * FANOUT > this.#nodes.length) {
      const grown = new Int32Array(this.#nodes.length * 2);
      grown.set(this.#nodes);
      this.#nodes = grown;
    }
    this.#nodes.fill(entry, node * FANOUT, (node + 1) * FANOUT);
    return node;
  }

  /** The value of the longest prefix that holds the address whose bytes begin at `at`. Bench: bench.ts. */
  lookup(bytes: Uint8Array, at: number): number {
    const nodes = this.#nodes;
    let entry = this.#root[((bytes[at] as number) << 8) | (bytes[at + 1] as number)] as number;
    for (let next = at + 2; entry < 0; next++) {
      const byte = bytes[next] as number;
      entry = nodes[(~entry << STRIDE) | (byte >> 4)] as number;
      if (entry < 0) entry = nodes[(~entry << STRIDE) | (byte & 15)] as number;
    }
    return entry;
  }
}
