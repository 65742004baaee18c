import {
  type BatchBooks,
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
import { type Field, Schema } from "apache-arrow";
import { arrowFields, type Kinds, streamSchema, writeColumns } from "./column-stream.ts";
import { type Allocate, writeFlowStream } from "./flow-stream.ts";
import { RecordBatchFrame } from "./record-batch-frame.ts";

/** What goes into a stream of flow records. */
export interface EncodeOptions {
  /** `decode`: the columns the decoder fills; `classify`: all columns, labels as words. */
  readonly stage: Stage;
  /** Travels in the schema's metadata. */
  readonly books?: BatchBooks;
  /** Memory to write a stream of stage `decode` to; new memory where it is left out. */
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

const DECODED_FRAME = new RecordBatchFrame(new Schema(FLOW_FIELDS.decode));

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
 * list at different lengths, as a classifier's growing lists are. Of stage `decode`, the columns of a batch
 * that are zero throughout share one buffer of zeros: any reader of Arrow reads them as it reads others.
 */
export function encodeFlowsStream(batches: readonly FlowBatch[], options: EncodeOptions): Uint8Array {
  const { stage } = options;
  const schema = streamSchema(FLOW_FIELDS[stage], FLOWS_FORMAT, options.books);
  if (stage === "decode")
    return writeFlowStream(schema, DECODED_FIELDS, DECODED_FRAME, batches, options.allocate ?? newMemory);
  return writeColumns(schema, FLOW_KINDS[stage], batches, (label) => longestLabels(batches, label as LabelName));
}

/** Encodes the used rows of one batch as an Arrow IPC stream. */
export function encodeFlows(batch: FlowBatch, options: EncodeOptions): Uint8Array {
  return encodeFlowsStream([batch], options);
}
