import type { FieldName, FlowBatch } from "@v6meter/schemas";
import type { RecordBatchFrame } from "./record-batch-frame.ts";
import { isZero, usedBytes } from "./used-bytes.ts";

/** Gives the memory a stream is written to: `bytes` bytes at an alignment of 8, of whatever content. */
export type Allocate = (bytes: number) => Uint8Array;

/** Arrow columnar format, "IPC Streaming Format": a continuation marker and a length of zero. */
export const END_OF_STREAM = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

function pad8(bytes: number): number {
  return (bytes + 7) & ~7;
}

interface Body {
  readonly rows: number;
  /** Bytes of each column; null where all are zero. */
  readonly columns: readonly (Buffer | null)[];
  /** Offset and padded length of each column in the body. */
  readonly regions: readonly (readonly [offset: number, length: number])[];
  readonly zerosAt: number;
  readonly length: number;
}

/** Columns that are zero throughout share one region of zeros behind the others. */
function layOut(batch: FlowBatch, names: readonly FieldName[]): Body {
  const used = names.map((name) => usedBytes(batch, name));
  const columns = used.map((bytes) => (isZero(bytes) ? null : bytes));
  let zerosAt = 0;
  for (const bytes of columns) if (bytes !== null) zerosAt += pad8(bytes.length);
  let at = 0;
  let length = zerosAt;
  const regions = used.map((bytes, i) => {
    const padded = pad8(bytes.length);
    if (columns[i] === null) {
      length = Math.max(length, zerosAt + padded);
      return [zerosAt, padded] as const;
    }
    at += padded;
    return [at - padded, padded] as const;
  });
  return { rows: batch.rows, columns, regions, zerosAt, length };
}

function writeBody({ columns, regions, zerosAt, length }: Body, to: Uint8Array, at: number): void {
  for (const [i, bytes] of columns.entries()) {
    if (bytes === null) continue;
    const [offset, padded] = regions[i] as readonly [number, number];
    to.set(bytes, at + offset);
    to.fill(0, at + offset + bytes.length, at + offset + padded);
  }
  to.fill(0, at + zerosAt, at + length);
}

/**
 * An Arrow IPC stream of the columns `names`, without apache-arrow's way of joining pieces: every column is
 * copied once, to memory that can be used again. `opening` has the schema, with these fields, and the
 * dictionaries of those that are labels.
 */
export function writeFlowStream(
  opening: Uint8Array,
  names: readonly FieldName[],
  frame: RecordBatchFrame,
  batches: readonly FlowBatch[],
  allocate: Allocate,
): Uint8Array {
  const bodies = batches.map((batch) => layOut(batch, names));
  const frames = bodies.length * frame.byteLength;
  const bytes = opening.length + frames + bodies.reduce((sum, { length }) => sum + length, 0) + END_OF_STREAM.length;
  const stream = allocate(bytes);
  stream.set(opening);
  let at = opening.length;
  for (const body of bodies) {
    at = frame.write(stream, at, body.rows, body.regions, body.length);
    writeBody(body, stream, at);
    at += body.length;
  }
  stream.set(END_OF_STREAM, at);
  return stream;
}
