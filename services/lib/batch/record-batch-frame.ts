import type { Schema } from "apache-arrow";
import { FlatTable } from "./flatbuffer.ts";
import { fixedSizeColumn, recordBatch, writeStream } from "./stream.ts";

/** Continuation marker and length of the header (Arrow columnar format, "Encapsulated message format"). */
const PREFIX_BYTES = 8;
/** One element of any fixed-size column. */
const ELEMENT_BYTES = 16;

// Slots of Message.fbs.
const MESSAGE = { header: 2, bodyLength: 3 } as const;
const RECORD_BATCH = { length: 0, nodes: 1, buffers: 2 } as const;

/**
 * What stands before the body of a record batch of fixed-size columns without nulls. apache-arrow makes it
 * once, for one row; for each batch only the numbers in it are set.
 */
export class RecordBatchFrame {
  readonly #bytes: Uint8Array;
  readonly #bodyLengthAt: number;
  readonly #rowsAt: number;
  readonly #nodesAt: number;
  readonly #buffersAt: number;

  constructor(schema: Schema) {
    const opening = writeStream(schema, []).length - PREFIX_BYTES;
    const column = new Uint8Array(ELEMENT_BYTES);
    const batch = recordBatch(
      schema,
      1,
      schema.fields.map(({ type }) => fixedSizeColumn(type, 1, column)),
    );
    const stream = writeStream(schema, [batch]);
    const headerLength = new DataView(stream.buffer, stream.byteOffset + opening).getUint32(4, true);
    this.#bytes = stream.slice(opening, opening + PREFIX_BYTES + headerLength);
    const message = FlatTable.root(this.#bytes.subarray(PREFIX_BYTES));
    const header = message.table(MESSAGE.header) as FlatTable;
    this.#bodyLengthAt = PREFIX_BYTES + message.at(MESSAGE.bodyLength);
    this.#rowsAt = PREFIX_BYTES + header.at(RECORD_BATCH.length);
    this.#nodesAt = PREFIX_BYTES + header.vectorAt(RECORD_BATCH.nodes);
    this.#buffersAt = PREFIX_BYTES + header.vectorAt(RECORD_BATCH.buffers);
  }

  get byteLength(): number {
    return this.#bytes.length;
  }

  /** Writes the frame of a batch at `at`; returns where its body begins. Regions are relative to that. */
  write(
    to: Uint8Array,
    at: number,
    rows: number,
    regions: readonly (readonly [offset: number, length: number])[],
    bodyLength: number,
  ): number {
    to.set(this.#bytes, at);
    const view = new DataView(to.buffer, to.byteOffset + at, this.#bytes.length);
    const setI64 = (position: number, value: number) => view.setBigInt64(position, BigInt(value), true);
    setI64(this.#bodyLengthAt, bodyLength);
    setI64(this.#rowsAt, rows);
    for (const [i, [offset, length]] of regions.entries()) {
      setI64(this.#nodesAt + 16 * i, rows);
      // A validity buffer, which is empty, then the data.
      const buffer = this.#buffersAt + 32 * i;
      setI64(buffer, offset);
      setI64(buffer + 8, 0);
      setI64(buffer + 16, offset);
      setI64(buffer + 24, length);
    }
    return at + this.#bytes.length;
  }
}
