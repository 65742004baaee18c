import {
  type BatchBooks,
  Fault,
  SESSION_FIELD_NAMES,
  SESSION_FIELDS,
  SESSION_LABEL_NAMES,
  SESSIONS_FORMAT,
  type SessionBatch,
  type SessionColumns,
  type SessionLabelName,
  type SessionLabels,
} from "@v6meter/schemas";
import { arrowFields, type Kinds, streamSchema, writeColumns } from "./column-stream.ts";
import { readColumns } from "./read-columns.ts";

/** What a message of `v6meter.sessions` holds. */
export interface DecodedSessions {
  readonly batches: SessionBatch[];
  readonly books: BatchBooks;
}

const KINDS: Kinds = Object.fromEntries(SESSION_FIELD_NAMES.map((name) => [name, SESSION_FIELDS[name].kind]));
const FIELDS = arrowFields(KINDS);
const SESSIONS = { format: SESSIONS_FORMAT, kinds: KINDS };

/** The words of a label in all batches, and each batch's column in the numbers of those words. */
function joinLabel(batches: readonly SessionBatch[], label: SessionLabelName) {
  const numbers = new Map<string, number>([["unknown", 0]]);
  const columns = batches.map(({ rows, columns, labels }) => {
    const renumbered = Uint16Array.from(labels[label], (word) => {
      const number = numbers.get(word) ?? numbers.size;
      numbers.set(word, number);
      return number;
    });
    return columns[label].subarray(0, rows).map((number) => renumbered[number] as number);
  });
  if (numbers.size > 65_536) throw new RangeError(`${numbers.size} words of ${label} do not fit one stream`);
  return { words: [...numbers.keys()], columns };
}

/**
 * Encodes batches of session events as one Arrow IPC stream, a record batch each, labels as words: what the
 * bus carries and what the store takes. Each batch may have labels of its own.
 */
export function encodeSessionsStream(batches: readonly SessionBatch[], books?: BatchBooks): Uint8Array {
  const labels = new Map<string, ReturnType<typeof joinLabel>>(
    SESSION_LABEL_NAMES.map((name) => [name, joinLabel(batches, name)]),
  );
  const renumbered = batches.map(({ rows, columns }, i) => ({
    rows,
    columns: { ...columns, ...Object.fromEntries(Array.from(labels, ([name, label]) => [name, label.columns[i]])) },
  })) as unknown as SessionBatch[];
  const schema = streamSchema(FIELDS, SESSIONS_FORMAT, books);
  return writeColumns(schema, KINDS, renumbered, (name) => labels.get(name)?.words ?? []);
}

/** Encodes the used rows of one batch of session events as an Arrow IPC stream. */
export function encodeSessions(batch: SessionBatch, books?: BatchBooks): Uint8Array {
  return encodeSessionsStream([batch], books);
}

/**
 * Reads a message of `v6meter.sessions`. Nothing is believed: rows, lengths and labels are checked against
 * the bytes. Throws a Fault BATCH_UNREADABLE that says what is wrong.
 */
export function decodeSessions(bytes: Uint8Array): DecodedSessions {
  try {
    const { batches, books, words } = readColumns(bytes, SESSIONS);
    const wrong = Object.entries(words).find(([, [first]]) => first !== "unknown");
    if (wrong) throw new Error(`word 0 of ${wrong[0]} is not unknown`);
    const labels = words as unknown as SessionLabels;
    return {
      batches: batches.map(({ rows, columns }) => ({
        rows,
        capacity: rows,
        columns: columns as unknown as SessionColumns,
        labels,
      })),
      books,
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Fault("BATCH_UNREADABLE", `The message is not an Arrow stream of session events: ${reason}.`, { cause });
  }
}
