import { FIELD_NAMES, FIELDS, type FieldName, type Kind, LABEL_NAMES, type LabelName } from "./fields.ts";

/** The typed array that holds a column of each kind. */
export interface Storage {
  u8: Uint8Array;
  u16: Uint16Array;
  u32: Uint32Array;
  u64: Uint32Array;
  time: Uint32Array;
  ip: Uint8Array;
  label: Uint16Array;
}

/** Elements of a column's typed array that one row takes. */
export const WIDTHS: Record<Kind, number> = { u8: 1, u16: 1, u32: 1, u64: 2, time: 2, ip: 16, label: 1 };

/** One typed array a column, all of the same number of rows. */
export type FlowColumns = { [K in FieldName]: Storage[(typeof FIELDS)[K]["kind"]] };

/** The words behind a label column's numbers; number 0 is always `unknown`. */
export type FlowLabels = { [K in LabelName]: readonly string[] };

/** A batch of flow records: struct of arrays, `rows` of `capacity` in use. */
export interface FlowBatch {
  rows: number;
  readonly capacity: number;
  readonly columns: FlowColumns;
  labels: FlowLabels;
}

/** A column of a kind with room for `rows` rows, every element zero. */
export function allocateColumn(kind: Kind, rows: number): Storage[Kind] {
  const length = rows * WIDTHS[kind];
  if (kind === "u8" || kind === "ip") return new Uint8Array(length);
  if (kind === "u16" || kind === "label") return new Uint16Array(length);
  return new Uint32Array(length);
}

const UNKNOWN_LABELS = Object.fromEntries(LABEL_NAMES.map((name) => [name, ["unknown"]])) as unknown as FlowLabels;

/** An empty batch with room for `capacity` rows, every element zero. */
export function createFlowBatch(capacity: number): FlowBatch {
  const columns = Object.fromEntries(
    FIELD_NAMES.map((name) => [name, allocateColumn(FIELDS[name].kind, capacity)]),
  ) as unknown as FlowColumns;
  return { rows: 0, capacity, columns, labels: UNKNOWN_LABELS };
}

/** Makes a batch ready to be filled again: no rows, every element of the used rows zero. */
export function resetFlowBatch(batch: FlowBatch): void {
  for (const name of FIELD_NAMES) batch.columns[name].fill(0, 0, batch.rows * WIDTHS[FIELDS[name].kind]);
  batch.rows = 0;
  batch.labels = UNKNOWN_LABELS;
}

/** Writes a non-negative integer below 2^53 into a `u64` or `time` column. */
export function setU64(column: Uint32Array, row: number, value: number): void {
  column[row * 2] = value >>> 0;
  column[row * 2 + 1] = Math.floor(value / 4_294_967_296) >>> 0;
}

/** Reads a `u64` or `time` element as a number; exact below 2^53. */
export function getU64(column: Uint32Array, row: number): number {
  return (column[row * 2] as number) + (column[row * 2 + 1] as number) * 4_294_967_296;
}

/** Reads a `u64` or `time` element in full. */
export function getBigU64(column: Uint32Array, row: number): bigint {
  return BigInt(column[row * 2] as number) | (BigInt(column[row * 2 + 1] as number) << 32n);
}
