import { allocateColumn, type Storage, WIDTHS } from "../flow/columns.ts";
import { SESSION_FIELD_NAMES, SESSION_FIELDS, type SessionFieldName, type SessionLabelName } from "./fields.ts";

/** One typed array a column, all of the same number of rows. */
export type SessionColumns = { [K in SessionFieldName]: Storage[(typeof SESSION_FIELDS)[K]["kind"]] };

/** The words behind a label column's numbers; number 0 is always `unknown`. */
export type SessionLabels = { [K in SessionLabelName]: readonly string[] };

/** A batch of session events: struct of arrays, `rows` of `capacity` in use. */
export interface SessionBatch {
  rows: number;
  readonly capacity: number;
  readonly columns: SessionColumns;
  labels: SessionLabels;
}

const UNKNOWN_LABELS: SessionLabels = { operator: ["unknown"], region: ["unknown"], access: ["unknown"] };

/** An empty batch with room for `capacity` events, every element zero. */
export function createSessionBatch(capacity: number): SessionBatch {
  const columns = Object.fromEntries(
    SESSION_FIELD_NAMES.map((name) => [name, allocateColumn(SESSION_FIELDS[name].kind, capacity)]),
  ) as unknown as SessionColumns;
  return { rows: 0, capacity, columns, labels: UNKNOWN_LABELS };
}

/** Makes a batch ready to be filled again: no rows, every element of the used rows zero. */
export function resetSessionBatch(batch: SessionBatch): void {
  for (const name of SESSION_FIELD_NAMES)
    batch.columns[name].fill(0, 0, batch.rows * WIDTHS[SESSION_FIELDS[name].kind]);
  batch.rows = 0;
  batch.labels = UNKNOWN_LABELS;
}
