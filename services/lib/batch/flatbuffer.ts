/**
 * Read-only view of one FlatBuffers table. Every read is checked against the buffer (a DataView
 * throws RangeError), vectors against its size, so that bytes that lie can neither hang a reader nor
 * make it allocate. apache-arrow's own reader believes lengths.
 */
export class FlatTable {
  readonly #view: DataView;
  readonly #at: number;

  private constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
  }

  /** The root table of a buffer. */
  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(view, view.getUint32(0, true));
  }

  /** Position of a field's value, 0 where the field is left at its default. */
  #field(slot: number): number {
    const vtable = this.#at - this.#view.getInt32(this.#at, true);
    const entry = 4 + 2 * slot;
    if (entry >= this.#view.getUint16(vtable, true)) return 0;
    const offset = this.#view.getUint16(vtable + entry, true);
    return offset === 0 ? 0 : this.#at + offset;
  }

  #target(at: number): number {
    return at + this.#view.getUint32(at, true);
  }

  #vectorAt(slot: number, elementBytes: number): { start: number; length: number } {
    const at = this.#field(slot);
    if (at === 0) return { start: 0, length: 0 };
    const target = this.#target(at);
    const length = this.#view.getUint32(target, true);
    const start = target + 4;
    if (start + length * elementBytes > this.#view.byteLength) throw new RangeError("a vector runs over its buffer");
    return { start, length };
  }

  /** Where a field's value stands in the buffer; 0 where the field is left at its default. */
  at(slot: number): number {
    return this.#field(slot);
  }

  /** Where the first element of a vector of structs of 16 bytes stands in the buffer. */
  vectorAt(slot: number): number {
    return this.#vectorAt(slot, 16).start;
  }

  u8(slot: number): number {
    const at = this.#field(slot);
    return at === 0 ? 0 : this.#view.getUint8(at);
  }

  i16(slot: number): number {
    const at = this.#field(slot);
    return at === 0 ? 0 : this.#view.getInt16(at, true);
  }

  i32(slot: number): number {
    const at = this.#field(slot);
    return at === 0 ? 0 : this.#view.getInt32(at, true);
  }

  /** A 64-bit integer, as a number: beyond 2^53 it is inexact and still beyond any buffer. */
  i64(slot: number): number {
    const at = this.#field(slot);
    return at === 0 ? 0 : Number(this.#view.getBigInt64(at, true));
  }

  text(slot: number): string {
    const { start, length } = this.#vectorAt(slot, 1);
    return new TextDecoder().decode(new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, length));
  }

  table(slot: number): FlatTable | null {
    const at = this.#field(slot);
    return at === 0 ? null : new FlatTable(this.#view, this.#target(at));
  }

  /** A vector of tables; more than `most` are refused, as tables may share bytes of any length. */
  tables(slot: number, most: number): FlatTable[] {
    const { start, length } = this.#vectorAt(slot, 4);
    if (length > most) throw new RangeError(`a vector holds ${length} tables, not at most ${most}`);
    return Array.from({ length }, (_, i) => new FlatTable(this.#view, this.#target(start + 4 * i)));
  }

  /** A vector of structs of two 64-bit integers, as Arrow's FieldNode and Buffer are. */
  i64Pairs(slot: number): (readonly [number, number])[] {
    const { start, length } = this.#vectorAt(slot, 16);
    return Array.from({ length }, (_, i) => [
      Number(this.#view.getBigInt64(start + 16 * i, true)),
      Number(this.#view.getBigInt64(start + 16 * i + 8, true)),
    ]);
  }
}
