import {
  ARROW_METADATA,
  type BatchBooks,
  DECODED_FIELDS,
  FIELD_NAMES,
  FIELDS,
  type FieldName,
  FLOWS_FORMAT,
  type FlowBatch,
  type FlowLabels,
  type Kind,
  type LabelName,
  type Stage,
  WIDTHS,
} from "@v6meter/schemas";
import { type Data, Field, Schema, Vector } from "apache-arrow";
import { COLUMN_TYPES, labelType } from "./column-types.ts";
import { type Allocate, writeFlowStream } from "./flow-stream.ts";
import { RecordBatchFrame } from "./record-batch-frame.ts";
import { fixedSizeColumn, recordBatch, writeStream } from "./stream.ts";
import { utf8Column } from "./utf8-column.ts";

/** What goes into a stream of flow records. */
export interface EncodeOptions {
  /** `decode`: the columns the decoder fills; `classify`: all columns, labels as words. */
  readonly stage: Stage;
  /** Travels in the schema's metadata. */
  readonly books?: BatchBooks;
  /** Memory to write a stream of stage `decode` to; new memory where it is left out. */
  readonly allocate?: Allocate;
}

type Dictionaries = Map<LabelName, Vector>;

const COLUMNS: Record<Stage, readonly FieldName[]> = { decode: DECODED_FIELDS, classify: FIELD_NAMES };

function flowFields(stage: Stage): Field[] {
  return COLUMNS[stage].map((name, i) => {
    const kind: Kind = FIELDS[name].kind;
    return new Field(name, kind === "label" ? labelType(i) : COLUMN_TYPES[kind], false);
  });
}

const FLOW_FIELDS: Record<Stage, Field[]> = { decode: flowFields("decode"), classify: flowFields("classify") };

const DECODED_FRAME = new RecordBatchFrame(new Schema(FLOW_FIELDS.decode));

function newMemory(bytes: number): Uint8Array {
  return new Uint8Array(bytes);
}

/** Pairs of u32, low word first, are u64 in the memory of every machine Node runs on. */
function asU64(pairs: Uint32Array): BigUint64Array {
  const aligned = pairs.byteOffset % BigUint64Array.BYTES_PER_ELEMENT === 0 ? pairs : pairs.slice();
  return new BigUint64Array(aligned.buffer, aligned.byteOffset, aligned.length / 2);
}

function columnData(field: Field, batch: FlowBatch, dictionaries: Dictionaries): Data {
  const name = field.name as FieldName;
  const kind: Kind = FIELDS[name].kind;
  const used = batch.columns[name].subarray(0, batch.rows * WIDTHS[kind]);
  const data = kind === "u64" || kind === "time" ? asU64(used as Uint32Array) : used;
  const dictionary = kind === "label" ? dictionaries.get(name as LabelName) : undefined;
  return fixedSizeColumn(field.type, batch.rows, data, dictionary);
}

/** The longest labels of each name: those of every batch are a beginning of them. */
function longestLabels(batches: readonly FlowBatch[], name: LabelName): readonly string[] {
  let longest: readonly string[] = ["unknown"];
  for (const { labels } of batches) if ((labels as FlowLabels)[name].length > longest.length) longest = labels[name];
  return longest;
}

/**
 * Encodes batches of flow records as one Arrow IPC stream, a record batch each. The label columns of
 * all batches share one dictionary a name, written once: the labels of each batch must be the same
 * list at different lengths, as a classifier's growing lists are. Of stage `decode`, the columns of a batch
 * that are zero throughout share one buffer of zeros: any reader of Arrow reads them as it reads others.
 */
export function encodeFlowsStream(batches: readonly FlowBatch[], options: EncodeOptions): Uint8Array {
  const fields = FLOW_FIELDS[options.stage];
  const metadata = new Map([[ARROW_METADATA.format, FLOWS_FORMAT] as [string, string]]);
  if (options.books) metadata.set(ARROW_METADATA.books, JSON.stringify(options.books));
  const schema = new Schema(fields, metadata);
  if (options.stage === "decode")
    return writeFlowStream(schema, DECODED_FIELDS, DECODED_FRAME, batches, options.allocate ?? newMemory);
  const dictionaries: Dictionaries = new Map();
  for (const { name } of fields) {
    if (FIELDS[name as FieldName].kind !== "label") continue;
    const label = name as LabelName;
    dictionaries.set(label, new Vector([utf8Column(longestLabels(batches, label))]));
  }
  return writeStream(
    schema,
    batches.map((batch) =>
      recordBatch(
        schema,
        batch.rows,
        fields.map((field) => columnData(field, batch, dictionaries)),
      ),
    ),
  );
}

/** Encodes the used rows of one batch as an Arrow IPC stream. */
export function encodeFlows(batch: FlowBatch, options: EncodeOptions): Uint8Array {
  return encodeFlowsStream([batch], options);
}
