const encoder = new TextEncoder();
const decoder = new TextDecoder();

const FIRST_BYTES = 1_024;
/** What one writing may leave to the next. */
const KEPT_MAX_BYTES = 65_536;

/** Appends numbers, texts and bytes to one buffer. */
export class StateWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  #reserve(length: number): number {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const before = this.#bytes;
      this.#takeMemory(Math.max(this.#length, before.length * 2));
      this.#bytes.set(before);
    }
    return at;
  }

  #takeMemory(bytes: number): void {
    this.#bytes = new Uint8Array(bytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  u8(value: number): void {
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.#reserve(2);
    this.#view.setUint16(at, value);
  }

  u32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value);
  }

  f64(value: number): void {
    const at = this.#reserve(8);
    this.#view.setFloat64(at, value);
  }

  /** A number of 32 bits and two of 16, for each element of the arrays, which are of one length. */
  triples(first: Uint32Array, second: Uint16Array, third: Uint16Array): void {
    let at = this.#reserve(8 * first.length);
    const view = this.#view;
    for (let i = 0; i < first.length; i++, at += 8) {
      view.setUint32(at, first[i] as number);
      view.setUint16(at + 4, second[i] as number);
      view.setUint16(at + 6, third[i] as number);
    }
  }

  bytes(value: Uint8Array): void {
    this.u32(value.length);
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
  }

  text(value: string): void {
    if (value === "") this.u32(0);
    else this.bytes(encoder.encode(value));
  }

  /** Forgets what was written, so that its memory is used again. */
  begin(): void {
    this.#length = 0;
    if (this.#bytes.length > KEPT_MAX_BYTES) this.#takeMemory(FIRST_BYTES);
  }

  /** What was written, as bytes of its own. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** Reads what a StateWriter wrote; every read beyond the end throws a RangeError. */
export class StateReader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    // A plain array over the same bytes: slice of a Buffer would not copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(): number {
    const value = this.#view.getUint8(this.#at);
    this.#at += 1;
    return value;
  }

  u16(): number {
    const value = this.#view.getUint16(this.#at);
    this.#at += 2;
    return value;
  }

  u32(): number {
    const value = this.#view.getUint32(this.#at);
    this.#at += 4;
    return value;
  }

  f64(): number {
    const value = this.#view.getFloat64(this.#at);
    this.#at += 8;
    return value;
  }

  bytes(): Uint8Array {
    const length = this.u32();
    if (this.#at + length > this.#bytes.length) throw new RangeError("The state ends too early.");
    const value = this.#bytes.slice(this.#at, this.#at + length);
    this.#at += length;
    return value;
  }

  text(): string {
    return decoder.decode(this.bytes());
  }

  /** A list whose length stands before it. */
  list(read: () => void): void {
    const count = this.u32();
    for (let i = 0; i < count; i++) read();
  }
}
