import { type RecordLayout, VARIABLE_LENGTH } from "./template.ts";

/**
 * Finds the fields of the record at `at`: writes offset and length of each and returns the offset behind
 * the record, -1 where it runs over `end`.
 *
 * RFC 7011 §7: a variable-length field begins with its length in one byte, or with 255 and the length in
 * two. v9 exporters in the field use the same form for a length of 65535, of which RFC 3954 says nothing.
 */
export function walkRecord(
  layout: RecordLayout,
  view: DataView,
  at: number,
  end: number,
  offsets: Int32Array,
  lengths: Int32Array,
): number {
  let next = at;
  for (let i = 0; i < layout.fieldCount; i++) {
    let length = layout.lengths[i] as number;
    if (length === VARIABLE_LENGTH) {
      if (next >= end) return -1;
      length = view.getUint8(next++);
      if (length === 255) {
        if (next + 2 > end) return -1;
        length = view.getUint16(next);
        next += 2;
      }
    }
    if (next + length > end) return -1;
    offsets[i] = next;
    lengths[i] = length;
    next += length;
  }
  return next;
}

/** An unsigned integer of any length (reduced-size encoding, RFC 7011 §6.2); exact below 2^53. */
export function readUnsigned(view: DataView, at: number, length: number): number {
  let value = 0;
  for (let i = 0; i < length; i++) value = value * 256 + view.getUint8(at + i);
  return value;
}
