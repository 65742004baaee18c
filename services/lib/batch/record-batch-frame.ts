import { FlatTable } from "./flatbuffer.ts";

/** Continuation marker and length of the header (Arrow columnar format, "Encapsulated message format"). */
const PREFIX_BYTES = 8;

// Slots of Message.fbs, and the number of a record batch in its union of headers.
const MESSAGE = { headerType: 1, header: 2, bodyLength: 3 } as const;
const RECORD_BATCH_HEADER = 3;
const RECORD_BATCH = { length: 0, nodes: 1, buffers: 2 } as const;

/**
 * What stands before the body of a record batch of fixed-size columns without nulls. apache-arrow makes it
 * once, in a stream of one batch; for each batch only the numbers in it are set.
 */
export class RecordBatchFrame {
  /** What the stream it was made from has before its batch: the schema and the dictionaries. */
  readonly opening: Uint8Array;
  readonly #bytes: Uint8Array;
  readonly #bodyLengthAt: number;
  readonly #rowsAt: number;
  readonly #nodesAt: number;
  readonly #buffersAt: number;

  /** `stream` has one record batch, of one row or more. */
  constructor(stream: Uint8Array) {
    const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
    const messageAt = (at: number) => {
      const end = at + PREFIX_BYTES + view.getUint32(at + 4, true);
      return { end, message: FlatTable.root(stream.subarray(at + PREFIX_BYTES, end)) };
    };
    let at = 0;
    let { end, message } = messageAt(at);
    while (message.u8(MESSAGE.headerType) !== RECORD_BATCH_HEADER) {
      at = end + message.i64(MESSAGE.bodyLength);
      ({ end, message } = messageAt(at));
    }
    this.opening = stream.slice(0, at);
    this.#bytes = stream.slice(at, end);
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
