import {
  allocateColumn,
  type BatchBooks,
  createFlowBatch,
  DECODED_FIELDS,
  Fault,
  FIELD_NAMES,
  FIELDS,
  FLOWS_FORMAT,
  type FlowBatch,
  type FlowColumns,
} from "@v6meter/schemas";
import { type ReadBatch, readColumns } from "./read-columns.ts";

/** What a message of `v6meter.flows` holds. */
export interface DecodedFlows {
  readonly batches: FlowBatch[];
  readonly books: BatchBooks;
}

const CLASSIFIED_FIELDS = FIELD_NAMES.filter((name) => FIELDS[name].stage === "classify");
const FLOWS = {
  format: FLOWS_FORMAT,
  kinds: Object.fromEntries(DECODED_FIELDS.map((name) => [name, FIELDS[name].kind])),
};

function flowBatch({ rows, columns }: ReadBatch): FlowBatch {
  const classified = CLASSIFIED_FIELDS.map((name) => [name, allocateColumn(FIELDS[name].kind, rows)]);
  const all = { ...columns, ...Object.fromEntries(classified) } as unknown as FlowColumns;
  return { rows, capacity: rows, columns: all, labels: createFlowBatch(0).labels };
}

/**
 * Reads a message of `v6meter.flows`: an Arrow IPC stream of the columns the decoder fills. The columns are
 * views of `bytes` where alignment allows and no other column has the same bytes (columns that are zero
 * throughout share them on the bus), copies otherwise: each may be written in place. The columns of the
 * classifier are there, zero. Nothing is believed: rows and lengths are checked against the bytes before
 * anything is allocated. Throws a Fault BATCH_UNREADABLE that says what is wrong.
 */
export function decodeFlows(bytes: Uint8Array): DecodedFlows {
  try {
    const { batches, books } = readColumns(bytes, FLOWS);
    return { batches: batches.map(flowBatch), books };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Fault("BATCH_UNREADABLE", `The message is not an Arrow stream of flow records: ${reason}.`, { cause });
  }
}
