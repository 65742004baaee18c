import {
  type BatchBooks,
  createFlowBatch,
  DECODED_FIELDS,
  FIELD_NAMES,
  FIELDS,
  type FieldName,
  FLOWS_FORMAT,
  type FlowBatch,
  type FlowLabels,
  type LabelName,
  type Stage,
} from "@v6meter/schemas";
import type { Field } from "apache-arrow";
import { arrowFields, type Kinds, streamSchema, writeColumns } from "./column-stream.ts";
import { type Allocate, END_OF_STREAM, writeFlowStream } from "./flow-stream.ts";
import { RecordBatchFrame } from "./record-batch-frame.ts";
import { writeStream } from "./stream.ts";

/** What goes into a stream of flow records. */
export interface EncodeOptions {
  /** `decode`: the columns the decoder fills; `classify`: all columns, labels as words. */
  readonly stage: Stage;
  /** Travels in the schema's metadata. */
  readonly books?: BatchBooks;
  /** Memory to write the stream to; new memory where it is left out. */
  readonly allocate?: Allocate;
}

const COLUMNS: Record<Stage, readonly FieldName[]> = { decode: DECODED_FIELDS, classify: FIELD_NAMES };

function flowKinds(stage: Stage): Kinds {
  return Object.fromEntries(COLUMNS[stage].map((name) => [name, FIELDS[name].kind]));
}

const FLOW_KINDS: Record<Stage, Kinds> = { decode: flowKinds("decode"), classify: flowKinds("classify") };
const FLOW_FIELDS: Record<Stage, Field[]> = {
  decode: arrowFields(FLOW_KINDS.decode),
  classify: arrowFields(FLOW_KINDS.classify),
};

/** A row of zeros, whose stream tells how each stream begins. */
const ONE_ROW = { ...createFlowBatch(1), rows: 1 };

/** The stream of one row: schema, books, the words of all labels, and the frame of a record batch. */
function frameOf(stage: Stage, books: BatchBooks | undefined, batches: readonly FlowBatch[]): RecordBatchFrame {
  const schema = streamSchema(FLOW_FIELDS[stage], FLOWS_FORMAT, books);
  const words = (label: string) => longestLabels(batches, label as LabelName);
  return new RecordBatchFrame(writeColumns(schema, FLOW_KINDS[stage], [ONE_ROW], words));
}

const DECODED_FRAME = frameOf("decode", undefined, []);

/** How a stream of the decoder's columns begins: it has no words. */
function decodedOpening(books: BatchBooks | undefined): Uint8Array {
  const stream = writeStream(streamSchema(FLOW_FIELDS.decode, FLOWS_FORMAT, books), []);
  return stream.subarray(0, -END_OF_STREAM.length);
}

function newMemory(bytes: number): Uint8Array {
  return new Uint8Array(bytes);
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
 * list at different lengths, as a classifier's growing lists are. The columns of a batch that are zero
 * throughout share one buffer of zeros: any reader of Arrow reads them as it reads others.
 */
export function encodeFlowsStream(batches: readonly FlowBatch[], options: EncodeOptions): Uint8Array {
  const { stage, books, allocate = newMemory } = options;
  if (stage === "decode")
    return writeFlowStream(decodedOpening(books), DECODED_FIELDS, DECODED_FRAME, batches, allocate);
  const frame = frameOf(stage, books, batches);
  return writeFlowStream(frame.opening, FIELD_NAMES, frame, batches, allocate);
}

/** Encodes the used rows of one batch as an Arrow IPC stream. */
export function encodeFlows(batch: FlowBatch, options: EncodeOptions): Uint8Array {
  return encodeFlowsStream([batch], options);
}
