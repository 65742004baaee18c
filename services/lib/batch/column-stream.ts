import { ARROW_METADATA, type BatchBooks, type Kind, WIDTHS } from "@v6meter/schemas";
import { type Data, Field, Schema, Vector } from "apache-arrow";
import { COLUMN_TYPES, labelType } from "./column-types.ts";
import { fixedSizeColumn, recordBatch, writeStream } from "./stream.ts";
import { utf8Column } from "./utf8-column.ts";

/** Columns of a record by name, in their order in a stream. */
export type Kinds = Readonly<Record<string, Kind>>;

/** A batch of any record: a typed array a column. */
export interface ColumnBatch {
  readonly rows: number;
  readonly columns: Readonly<Record<string, Uint8Array | Uint16Array | Uint32Array>>;
}

/** The Arrow fields of columns; the words of a label are a dictionary. */
export function arrowFields(kinds: Kinds): Field[] {
  return Object.entries(kinds).map(
    ([name, kind], i) => new Field(name, kind === "label" ? labelType(i) : COLUMN_TYPES[kind], false),
  );
}

/** The schema of a stream, with its format and its books in the metadata. */
export function streamSchema(fields: Field[], format: string, books: BatchBooks | undefined): Schema {
  const metadata = new Map([[ARROW_METADATA.format, format] as [string, string]]);
  if (books) metadata.set(ARROW_METADATA.books, JSON.stringify(books));
  return new Schema(fields, metadata);
}

/** Pairs of u32, low word first, are u64 in the memory of every machine Node runs on. */
function asU64(pairs: Uint32Array): BigUint64Array {
  const aligned = pairs.byteOffset % BigUint64Array.BYTES_PER_ELEMENT === 0 ? pairs : pairs.slice();
  return new BigUint64Array(aligned.buffer, aligned.byteOffset, aligned.length / 2);
}

function columnData({ name, type }: Field, kind: Kind, { rows, columns }: ColumnBatch, words?: Vector): Data {
  const used = (columns[name] as Uint8Array).subarray(0, rows * WIDTHS[kind]);
  const data = kind === "u64" || kind === "time" ? asU64(used as unknown as Uint32Array) : used;
  return fixedSizeColumn(type, rows, data, words);
}

/** An Arrow IPC stream, a record batch each; the words of each label are written once, for all batches. */
export function writeColumns(
  schema: Schema,
  kinds: Kinds,
  batches: readonly ColumnBatch[],
  wordsOf: (label: string) => readonly string[],
): Uint8Array {
  const words = new Map<string, Vector>();
  for (const { name } of schema.fields)
    if (kinds[name] === "label") words.set(name, new Vector([utf8Column(wordsOf(name))]));
  return writeStream(
    schema,
    batches.map((batch) =>
      recordBatch(
        schema,
        batch.rows,
        schema.fields.map((field) => columnData(field, kinds[field.name] as Kind, batch, words.get(field.name))),
      ),
    ),
  );
}
