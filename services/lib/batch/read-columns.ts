import { ARROW_METADATA, type BatchBooks, batchBooks, type Kind, type Storage, WIDTHS } from "@v6meter/schemas";
import { type FixedSizeBinary, type Int, MessageHeader, type Timestamp, Type } from "apache-arrow";
import type { Kinds } from "./column-stream.ts";
import { COLUMN_TYPES } from "./column-types.ts";
import type { FlatTable } from "./flatbuffer.ts";
import { type ArrowMessage, readMessages } from "./messages.ts";

/** What a stream is held to. */
export interface StreamDefinition {
  readonly format: string;
  /** Every column it must have, in their order; more are refused. */
  readonly kinds: Kinds;
}

/** A record batch of a stream that was read. */
export interface ReadBatch {
  readonly rows: number;
  readonly columns: Readonly<Record<string, Storage[Kind]>>;
}

/** A stream that was read: its batches, and the words of its label columns by name. */
export interface ReadStream {
  readonly batches: ReadBatch[];
  readonly books: BatchBooks;
  readonly words: Readonly<Record<string, readonly string[]>>;
}

/** The array of each kind and the alignment that lets a column be viewed, and encoded again, uncopied. */
const ARRAYS = {
  u8: { array: Uint8Array, alignment: 1 },
  u16: { array: Uint16Array, alignment: 2 },
  u32: { array: Uint32Array, alignment: 4 },
  u64: { array: Uint32Array, alignment: 8 },
  time: { array: Uint32Array, alignment: 8 },
  // So that addresses can be compared a word at a time.
  ip: { array: Uint8Array, alignment: 4 },
  label: { array: Uint16Array, alignment: 2 },
} as const satisfies Record<Kind, unknown>;

// Slots of the tables of Arrow's Schema.fbs and Message.fbs.
const SCHEMA = { endianness: 0, fields: 1, metadata: 2 } as const;
const KEY_VALUE = { key: 0, value: 1 } as const;
const FIELD = { name: 0, typeType: 2, type: 3, dictionary: 4 } as const;
const DICTIONARY_ENCODING = { id: 0, indexType: 1 } as const;
const INT = { bitWidth: 0, isSigned: 1 } as const;
const TIMESTAMP = { unit: 0 } as const;
const FIXED_SIZE_BINARY = { byteWidth: 0 } as const;
const RECORD_BATCH = { length: 0, nodes: 1, buffers: 2, compression: 3 } as const;
const DICTIONARY_BATCH = { id: 0, data: 1, isDelta: 2 } as const;

const MAX_COLUMNS = 1024;
const MAX_METADATA = 16;
const MAX_WORDS = 65_536;

/** The dictionary of a label column is that of Arrow's Dictionary(Utf8, Uint16). */
function hasLabelType(field: FlatTable): boolean {
  const index = field.table(FIELD.dictionary)?.table(DICTIONARY_ENCODING.indexType);
  return field.u8(FIELD.typeType) === Type.Utf8 && index?.i32(INT.bitWidth) === 16 && index.u8(INT.isSigned) === 0;
}

function hasType(field: FlatTable, kind: Kind): boolean {
  if (kind === "label") return hasLabelType(field);
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

/** Checks the columns; gives the names of the label columns by the number of their dictionary. */
function checkColumns(schema: FlatTable, kinds: Kinds): Map<number, string> {
  if (schema.i16(SCHEMA.endianness) !== 0) throw new Error("the stream is big-endian");
  const fields = schema.tables(SCHEMA.fields, MAX_COLUMNS);
  const names = Object.keys(kinds);
  const labels = new Map<number, string>();
  for (const [i, name] of names.entries()) {
    const field = fields[i];
    const kind = kinds[name] as Kind;
    const found = field?.text(FIELD.name);
    if (!field || found !== name) throw new Error(`column ${i} is ${found ?? "missing"}, not ${name}`);
    const type = kind === "label" ? "Dictionary<Uint16, Utf8>" : COLUMN_TYPES[kind];
    if (!hasType(field, kind)) throw new Error(`column ${name} is not of Arrow type ${type}`);
    const dictionary = field.table(FIELD.dictionary);
    if (!dictionary) continue;
    const id = dictionary.i64(DICTIONARY_ENCODING.id);
    if (labels.has(id)) throw new Error(`columns ${labels.get(id)} and ${name} have one dictionary`);
    labels.set(id, name);
  }
  if (fields.length > names.length) throw new Error(`it has ${fields.length} columns, not ${names.length}`);
  return labels;
}

function readBooks(json: string | undefined): BatchBooks {
  if (json === undefined) return { ledger: [], exporters: [] };
  const parsed = batchBooks.safeParse(JSON.parse(json));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`its books have an error at ${issue?.path.join(".")}: ${issue?.message}`);
}

function readSchema(message: ArrowMessage, { format, kinds }: StreamDefinition) {
  if (message.headerType !== MessageHeader.Schema) throw new Error("it does not start with a schema");
  const metadata = new Map<string, string>();
  for (const entry of message.header.tables(SCHEMA.metadata, MAX_METADATA)) {
    metadata.set(entry.text(KEY_VALUE.key), entry.text(KEY_VALUE.value));
  }
  const found = metadata.get(ARROW_METADATA.format);
  if (found !== format) throw new Error(`its format is ${found ?? "not told"}, not ${format}`);
  const labels = checkColumns(message.header, kinds);
  return { labels, books: readBooks(metadata.get(ARROW_METADATA.books)) };
}

type Region = readonly [from: number, to: number];

function readColumn(
  kind: Kind,
  rows: number,
  body: Uint8Array,
  [offset, length]: readonly [number, number],
  taken: Region[],
): Storage[Kind] | null {
  const { array, alignment } = ARRAYS[kind];
  const elements = rows * WIDTHS[kind];
  const byteLength = elements * array.BYTES_PER_ELEMENT;
  if (offset < 0 || length < byteLength || offset + length > body.length) return null;
  const from = body.byteOffset + offset;
  const shared = taken.some(([start, end]) => offset < end && start < offset + byteLength);
  taken.push([offset, offset + byteLength]);
  if (from % alignment === 0 && !shared) return new array(body.buffer as ArrayBuffer, from, elements);
  return new array(body.slice(offset, offset + byteLength).buffer as ArrayBuffer, 0, elements);
}

function readBatch(message: ArrowMessage, kinds: Kinds): ReadBatch {
  if (message.headerType !== MessageHeader.RecordBatch)
    throw new Error("it holds messages that are not record batches");
  const { header, body } = message;
  if (header.table(RECORD_BATCH.compression)) throw new Error("its bodies are compressed");
  const rows = header.i64(RECORD_BATCH.length);
  const nodes = header.i64Pairs(RECORD_BATCH.nodes);
  const buffers = header.i64Pairs(RECORD_BATCH.buffers);
  const names = Object.keys(kinds);
  if (nodes.length !== names.length || buffers.length !== 2 * names.length)
    throw new Error("a record batch has not one validity and one data buffer a column");
  const columns: Record<string, Storage[Kind]> = {};
  const taken: Region[] = [];
  for (const [i, name] of names.entries()) {
    const [length, nulls] = nodes[i] as readonly [number, number];
    const region = buffers[2 * i + 1] as readonly [number, number];
    const column = length === rows && rows >= 0 ? readColumn(kinds[name] as Kind, rows, body, region, taken) : null;
    if (!column) throw new Error(`column ${name} does not hold the ${rows} rows its batch tells`);
    if (nulls !== 0) throw new Error(`column ${name} holds nulls`);
    columns[name] = column;
  }
  return { rows, columns };
}

/** The words of a dictionary: one Utf8 column, its offsets checked against its bytes. */
function readWords({ header, body }: ArrowMessage, name: string): string[] {
  const data = header.table(DICTIONARY_BATCH.data);
  if (!data || header.u8(DICTIONARY_BATCH.isDelta) !== 0 || data.table(RECORD_BATCH.compression))
    throw new Error(`the words of ${name} are not one dictionary, whole and not compressed`);
  const count = data.i64(RECORD_BATCH.length);
  const [node] = data.i64Pairs(RECORD_BATCH.nodes);
  const [, offsets, bytes] = data.i64Pairs(RECORD_BATCH.buffers);
  if (!(count >= 1 && count <= MAX_WORDS) || !node || node[0] !== count || node[1] !== 0 || !offsets || !bytes)
    throw new Error(`the words of ${name} are not 1 to ${MAX_WORDS} texts`);
  const [at, length] = offsets;
  const [textAt, textLength] = bytes;
  if (
    at < 0 ||
    length < 4 * (count + 1) ||
    at + length > body.length ||
    textAt < 0 ||
    textAt + textLength > body.length
  )
    throw new Error(`the words of ${name} are cut short`);
  const view = new DataView(body.buffer, body.byteOffset + at, length);
  const text = new TextDecoder();
  let from = view.getInt32(0, true);
  return Array.from({ length: count }, (_, i) => {
    const to = view.getInt32(4 * (i + 1), true);
    if (from < 0 || to < from || to > textLength) throw new Error(`word ${i} of ${name} is cut short`);
    const word = text.decode(body.subarray(textAt + from, textAt + to));
    from = to;
    return word;
  });
}

function checkLabels({ rows, columns }: ReadBatch, words: ReadonlyMap<string, readonly string[]>): void {
  for (const [name, { length }] of words) {
    const column = columns[name] as Uint16Array;
    for (let row = 0; row < rows; row++)
      if ((column[row] as number) >= length)
        throw new Error(`row ${row} of column ${name} names word ${column[row]}, of ${length} words`);
  }
}

/**
 * Reads an Arrow IPC stream of the columns it is to have. The columns are views of `bytes` where alignment
 * allows and no other column has the same bytes, copies otherwise: each may be written in place. Nothing is
 * believed: rows and lengths are checked against the bytes before anything is allocated. Throws an Error
 * with a clause that says what is wrong.
 */
export function readColumns(bytes: Uint8Array, definition: StreamDefinition): ReadStream {
  let schema: ReturnType<typeof readSchema> | null = null;
  const words = new Map<string, readonly string[]>();
  const batches: ReadBatch[] = [];
  // A Buffer's slice() shares memory where a Uint8Array's copies.
  for (const message of readMessages(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))) {
    if (schema === null) schema = readSchema(message, definition);
    else if (message.headerType === MessageHeader.DictionaryBatch && schema.labels.size > 0) {
      const name = schema.labels.get(message.header.i64(DICTIONARY_BATCH.id));
      if (name === undefined || words.has(name)) throw new Error("it holds a dictionary of no column, or one twice");
      words.set(name, readWords(message, name));
    } else {
      const batch = readBatch(message, definition.kinds);
      const missing = [...schema.labels.values()].find((name) => !words.has(name));
      if (missing !== undefined) throw new Error(`the words of ${missing} are not there`);
      checkLabels(batch, words);
      batches.push(batch);
    }
  }
  if (schema === null) throw new Error("it holds no schema");
  return { batches, books: schema.books, words: Object.fromEntries(words) };
}
