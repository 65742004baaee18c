/** Maps pairs of u32 to numbers of 1 to 2^32 - 1 without an object a look-up; 0 stands for no entry. */
export class PairTable {
  readonly #keys: Uint32Array;
  readonly #values: Uint32Array;
  readonly #mask: number;

  constructor(entries: readonly (readonly [first: number, second: number, value: number])[]) {
    const size = 2 ** Math.ceil(Math.log2(entries.length * 2 + 2));
    this.#keys = new Uint32Array(size * 2);
    this.#values = new Uint32Array(size);
    this.#mask = size - 1;
    for (const [first, second, value] of entries) {
      let slot = this.#home(first, second);
      while (this.#values[slot] !== 0) slot = (slot + 1) & this.#mask;
      this.#keys[slot * 2] = first;
      this.#keys[slot * 2 + 1] = second;
      this.#values[slot] = value;
    }
  }

  #home(first: number, second: number): number {
    const mixed = Math.imul(Math.imul(first, 0x9e3779b1) ^ second, 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }

  get(first: number, second: number): number {
    let slot = this.#home(first, second);
    for (;;) {
      const value = this.#values[slot] as number;
      if (value === 0) return 0;
      if (this.#keys[slot * 2] === first && this.#keys[slot * 2 + 1] === second) return value;
      slot = (slot + 1) & this.#mask;
    }
  }
}
