import { FIELD_NAMES, FIELDS, type FieldName, type FlowBatch, resetFlowBatch, WIDTHS } from "@v6meter/schemas";

/** The bytes of a column's used rows. */
export function usedBytes(batch: FlowBatch, name: FieldName): Buffer {
  const { buffer, byteOffset, BYTES_PER_ELEMENT } = batch.columns[name];
  return Buffer.from(buffer, byteOffset, batch.rows * WIDTHS[FIELDS[name].kind] * BYTES_PER_ELEMENT);
}

/** Equal to itself moved by a byte: every byte is the first one. The comparison is the C library's. */
export function isZero(bytes: Buffer): boolean {
  if (bytes.length === 0) return true;
  return bytes[0] === 0 && bytes.subarray(1).equals(bytes.subarray(0, -1));
}

/**
 * Does what resetFlowBatch does, but writes only to columns that hold something: pages of memory that nobody has
 * written to are not there, and looking at them does not make them.
 */
export function clearFlowBatch(batch: FlowBatch): void {
  for (const name of FIELD_NAMES) {
    const bytes = usedBytes(batch, name);
    if (!isZero(bytes)) bytes.fill(0);
  }
  batch.rows = 0;
  resetFlowBatch(batch);
}
