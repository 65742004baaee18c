import {
  ARROW_METADATA,
  allocateColumn,
  type BatchBooks,
  batchBooks,
  createFlowBatch,
  DECODED_FIELDS,
  Fault,
  FIELD_NAMES,
  FIELDS,
  type FieldsOf,
  FLOWS_FORMAT,
  type FlowBatch,
  type FlowColumns,
  type Storage,
  WIDTHS,
} from "@v6meter/schemas";
import { type FixedSizeBinary, type Int, MessageHeader, type Timestamp, Type } from "apache-arrow";
import { COLUMN_TYPES } from "./column-types.ts";
import type { FlatTable } from "./flatbuffer.ts";
import { type ArrowMessage, readMessages } from "./messages.ts";

/** What a message of `v6meter.flows` holds. */
export interface DecodedFlows {
  readonly batches: FlowBatch[];
  readonly books: BatchBooks;
}

const CLASSIFIED_FIELDS = FIELD_NAMES.filter((name) => FIELDS[name].stage === "classify");

type DecodedKind = (typeof FIELDS)[FieldsOf<"decode">]["kind"];

/** The array of each kind and the alignment that lets a column be viewed, and encoded again, uncopied. */
const ARRAYS = {
  u8: { array: Uint8Array, alignment: 1 },
  u16: { array: Uint16Array, alignment: 2 },
  u32: { array: Uint32Array, alignment: 4 },
  u64: { array: Uint32Array, alignment: 8 },
  time: { array: Uint32Array, alignment: 8 },
  // So that addresses can be compared a word at a time.
  ip: { array: Uint8Array, alignment: 4 },
} as const satisfies Record<DecodedKind, unknown>;

// Slots of the tables of Arrow's Schema.fbs and Message.fbs.
const SCHEMA = { endianness: 0, fields: 1, metadata: 2 } as const;
const KEY_VALUE = { key: 0, value: 1 } as const;
const FIELD = { name: 0, typeType: 2, type: 3, dictionary: 4 } as const;
const INT = { bitWidth: 0, isSigned: 1 } as const;
const TIMESTAMP = { unit: 0 } as const;
const FIXED_SIZE_BINARY = { byteWidth: 0 } as const;
const RECORD_BATCH = { length: 0, nodes: 1, buffers: 2, compression: 3 } as const;

const MAX_COLUMNS = 1024;
const MAX_METADATA = 16;

function hasType(field: FlatTable, kind: DecodedKind): boolean {
  const expected = COLUMN_TYPES[kind];
  const type = field.table(FIELD.type);
  if (type === null || field.u8(FIELD.typeType) !== expected.typeId || field.table(FIELD.dictionary)) return false;
  switch (expected.typeId) {
    case Type.Int: {
      const { bitWidth, isSigned } = expected as Int;
      return type.i32(INT.bitWidth) === bitWidth && (type.u8(INT.isSigned) !== 0) === isSigned;
    }
    case Type.Timestamp:
      return type.i16(TIMESTAMP.unit) === (expected as Timestamp).unit;
    case Type.FixedSizeBinary:
      return type.i32(FIXED_SIZE_BINARY.byteWidth) === (expected as FixedSizeBinary).byteWidth;
    default:
      return false;
  }
}

function checkColumns(schema: FlatTable): void {
  if (schema.i16(SCHEMA.endianness) !== 0) throw new Error("the stream is big-endian");
  const fields = schema.tables(SCHEMA.fields, MAX_COLUMNS);
  for (const [i, name] of DECODED_FIELDS.entries()) {
    const field = fields[i];
    const found = field?.text(FIELD.name);
    if (!field || found !== name) throw new Error(`column ${i} is ${found ?? "missing"}, not ${name}`);
    if (!hasType(field, FIELDS[name].kind))
      throw new Error(`column ${name} is not of Arrow type ${COLUMN_TYPES[FIELDS[name].kind]}`);
  }
  if (fields.length > DECODED_FIELDS.length)
    throw new Error(`it has ${fields.length} columns, not ${DECODED_FIELDS.length}`);
}

function readBooks(json: string | undefined): BatchBooks {
  if (json === undefined) return { ledger: [], exporters: [] };
  const parsed = batchBooks.safeParse(JSON.parse(json));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`its books have an error at ${issue?.path.join(".")}: ${issue?.message}`);
}

function readSchema(message: ArrowMessage): BatchBooks {
  if (message.headerType !== MessageHeader.Schema) throw new Error("it does not start with a schema");
  const metadata = new Map<string, string>();
  for (const entry of message.header.tables(SCHEMA.metadata, MAX_METADATA)) {
    metadata.set(entry.text(KEY_VALUE.key), entry.text(KEY_VALUE.value));
  }
  const format = metadata.get(ARROW_METADATA.format);
  if (format !== FLOWS_FORMAT) throw new Error(`its format is ${format ?? "not told"}, not ${FLOWS_FORMAT}`);
  checkColumns(message.header);
  return readBooks(metadata.get(ARROW_METADATA.books));
}

type Region = readonly [from: number, to: number];

function readColumn<K extends DecodedKind>(
  kind: K,
  rows: number,
  body: Uint8Array,
  [offset, length]: [number, number],
  taken: Region[],
) {
  const { array, alignment } = ARRAYS[kind];
  const elements = rows * WIDTHS[kind];
  const byteLength = elements * array.BYTES_PER_ELEMENT;
  if (offset < 0 || length < byteLength || offset + length > body.length) return null;
  const from = body.byteOffset + offset;
  const shared = taken.some(([start, end]) => offset < end && start < offset + byteLength);
  taken.push([offset, offset + byteLength]);
  if (from % alignment === 0 && !shared) return new array(body.buffer as ArrayBuffer, from, elements) as Storage[K];
  return new array(body.slice(offset, offset + byteLength).buffer as ArrayBuffer, 0, elements) as Storage[K];
}

function readBatch(message: ArrowMessage): FlowBatch {
  if (message.headerType !== MessageHeader.RecordBatch)
    throw new Error("it holds messages that are not record batches");
  const { header, body } = message;
  if (header.table(RECORD_BATCH.compression)) throw new Error("its bodies are compressed");
  const rows = header.i64(RECORD_BATCH.length);
  const nodes = header.i64Pairs(RECORD_BATCH.nodes);
  const buffers = header.i64Pairs(RECORD_BATCH.buffers);
  if (nodes.length !== DECODED_FIELDS.length || buffers.length !== 2 * DECODED_FIELDS.length)
    throw new Error("a record batch has not one validity and one data buffer a column");
  const columns: Partial<FlowColumns> = {};
  const taken: Region[] = [];
  for (const [i, name] of DECODED_FIELDS.entries()) {
    const [length, nulls] = nodes[i] as [number, number];
    const region = buffers[2 * i + 1] as [number, number];
    const column = length === rows && rows >= 0 ? readColumn(FIELDS[name].kind, rows, body, region, taken) : null;
    if (!column) throw new Error(`column ${name} does not hold the ${rows} rows its batch tells`);
    if (nulls !== 0) throw new Error(`column ${name} holds nulls`);
    Object.assign(columns, { [name]: column });
  }
  for (const name of CLASSIFIED_FIELDS) Object.assign(columns, { [name]: allocateColumn(FIELDS[name].kind, rows) });
  return { rows, capacity: rows, columns: columns as FlowColumns, labels: createFlowBatch(0).labels };
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
    let books: BatchBooks | null = null;
    const batches: FlowBatch[] = [];
    // A Buffer's slice() shares memory where a Uint8Array's copies.
    for (const message of readMessages(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))) {
      if (books === null) books = readSchema(message);
      else batches.push(readBatch(message));
    }
    if (books === null) throw new Error("it holds no schema");
    return { batches, books };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Fault("BATCH_UNREADABLE", `The message is not an Arrow stream of flow records: ${reason}.`, { cause });
  }
}
