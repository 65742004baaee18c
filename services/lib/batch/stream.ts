import {
  BufferType,
  Data,
  type DataType,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  type Schema,
  Struct,
  type Vector,
} from "apache-arrow";

/** A column of elements of a fixed size, without nulls; words of a Dictionary beside it. */
export function fixedSizeColumn(type: DataType, rows: number, values: ArrayBufferView, dictionary?: Vector): Data {
  return new Data(type, 0, rows, 0, { [BufferType.DATA]: values }, [], dictionary);
}

/** One record batch of a stream: a Data a field of the schema, all of `rows` elements. */
export function recordBatch(schema: Schema, rows: number, columns: Data[]): RecordBatch {
  const struct = makeData({ type: new Struct(schema.fields), length: rows, nullCount: 0, children: columns });
  return new RecordBatch(schema, struct);
}

/** An Arrow IPC stream of the batches with its end-of-stream marker, its bodies not compressed. */
export function writeStream(schema: Schema, batches: readonly RecordBatch[]): Uint8Array {
  const writer = new RecordBatchStreamWriter();
  writer.reset(undefined, schema);
  for (const batch of batches) writer.write(batch);
  writer.finish();
  return writer.toUint8Array(true);
}
