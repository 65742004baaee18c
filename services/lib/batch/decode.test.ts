import { Random } from "@v6meter/random";
import {
  ARROW_METADATA,
  type BatchBooks,
  DECODED_FIELDS,
  Fault,
  FIELD_NAMES,
  FIELDS,
  FLOWS_FORMAT,
  type FlowBatch,
  WIDTHS,
} from "@v6meter/schemas";
import { Message, RecordBatchReader, RecordBatchStreamWriter, Schema } from "apache-arrow";
import { describe, expect, test } from "vitest";
import { decodeFlows } from "./decode.ts";
import { encodeFlows, encodeFlowsStream } from "./encode.ts";
import { sampleBatch } from "./sample.test-data.ts";
import { encodeTable } from "./table.ts";

const BOOKS: BatchBooks = {
  ledger: [{ exporter: "192.0.2.1", stage: "publish", outcome: "received", reason: "", count: 257 }],
  exporters: [],
};

function unreadable(bytes: Uint8Array): string {
  try {
    decodeFlows(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    expect((error as Fault).code).toBe("BATCH_UNREADABLE");
    return (error as Fault).message;
  }
  throw new Error("the stream was read");
}

function used(batch: FlowBatch, names: typeof DECODED_FIELDS) {
  return Object.fromEntries(
    names.map((name) => [name, Array.from(batch.columns[name].subarray(0, batch.rows * WIDTHS[FIELDS[name].kind]))]),
  );
}

/** A stream with the columns and books of another, rewritten by apache-arrow under other metadata. */
function withMetadata(stream: Uint8Array, metadata: Map<string, string>): Uint8Array {
  const batches = [...RecordBatchReader.from(stream)];
  const writer = new RecordBatchStreamWriter();
  writer.reset(undefined, new Schema(batches[0]?.schema.fields, metadata));
  for (const batch of batches) writer.write(batch);
  return writer.finish().toUint8Array(true);
}

test("every value of the decoder's columns and the books come back", () => {
  const sent = [sampleBatch(257, 1), sampleBatch(0, 2), sampleBatch(1, 3)];
  const { batches, books } = decodeFlows(encodeFlowsStream(sent, { stage: "decode", books: BOOKS }));
  expect(batches.map(({ rows, capacity }) => [rows, capacity])).toEqual([
    [257, 257],
    [0, 0],
    [1, 1],
  ]);
  for (const [i, batch] of batches.entries()) {
    expect(used(batch, DECODED_FIELDS)).toEqual(used(sent[i] as FlowBatch, DECODED_FIELDS));
  }
  expect(books).toEqual(BOOKS);
});

test("a stream without books has empty books", () => {
  expect(decodeFlows(encodeFlows(sampleBatch(1, 1), { stage: "decode" })).books).toEqual({ ledger: [], exporters: [] });
});

test("books of a batch without rows come back", () => {
  const { batches, books } = decodeFlows(encodeFlowsStream([], { stage: "decode", books: BOOKS }));
  expect(batches).toEqual([]);
  expect(books).toEqual(BOOKS);
});

test("the classifier's columns are there, zero, and can be filled and written", () => {
  const [batch] = decodeFlows(encodeFlows(sampleBatch(10, 4), { stage: "decode" })).batches as [FlowBatch];
  for (const name of FIELD_NAMES) {
    if (FIELDS[name].stage === "decode") continue;
    expect(Array.from(batch.columns[name])).toEqual(Array(10 * WIDTHS[FIELDS[name].kind]).fill(0));
    batch.columns[name].fill(1);
  }
  expect(batch.labels.region).toEqual(["unknown"]);
  expect(encodeFlows(batch, { stage: "classify" }).length).toBeGreaterThan(0);
});

test("the columns of an aligned stream are views of it", () => {
  const stream = encodeFlows(sampleBatch(11, 5), { stage: "decode" });
  const [batch] = decodeFlows(stream).batches as [FlowBatch];
  for (const name of DECODED_FIELDS) expect(batch.columns[name].buffer, name).toBe(stream.buffer);
});

test("a stream is read at any alignment, out of a Buffer as well", () => {
  const sent = sampleBatch(5, 6);
  const stream = encodeFlows(sent, { stage: "decode" });
  for (let shift = 0; shift < 16; shift++) {
    const room = Buffer.alloc(stream.length + 32);
    room.set(stream, shift);
    for (const bytes of [
      room.subarray(shift, shift + stream.length),
      new Uint8Array(room.buffer, room.byteOffset + shift, stream.length),
    ]) {
      const [batch] = decodeFlows(bytes).batches as [FlowBatch];
      expect(used(batch, DECODED_FIELDS)).toEqual(used(sent, DECODED_FIELDS));
      expect(batch.columns.src_addr.byteOffset % 4).toBe(0);
    }
  }
});

describe("what is not a stream of flow records is a BATCH_UNREADABLE that says why", () => {
  const stream = encodeFlows(sampleBatch(3, 7), { stage: "decode", books: BOOKS });
  const format = [ARROW_METADATA.format, FLOWS_FORMAT] as const;

  test.each([
    { says: "nothing", bytes: new Uint8Array(0), why: "cut short at byte 0" },
    { says: "text", bytes: Buffer.from("these are not the flows you look for"), why: "byte 0 does not start" },
    { says: "zeros", bytes: new Uint8Array(64), why: "byte 0 does not start" },
    { says: "only an end", bytes: Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0), why: "holds no schema" },
    { says: "more behind the end", bytes: Buffer.concat([stream, Buffer.from("x")]), why: "1 bytes follow the end" },
    { says: "two streams", bytes: Buffer.concat([stream, stream]), why: "bytes follow the end" },
    {
      says: "another format",
      bytes: withMetadata(stream, new Map([[ARROW_METADATA.format, "2"]])),
      why: "its format is 2, not 1",
    },
    { says: "no format", bytes: withMetadata(stream, new Map()), why: "its format is not told, not 1" },
    {
      says: "books that are no JSON",
      bytes: withMetadata(stream, new Map([format, [ARROW_METADATA.books, "{"]])),
      why: "JSON",
    },
    {
      says: "books of another shape",
      bytes: withMetadata(stream, new Map([format, [ARROW_METADATA.books, '{"ledger":[{}],"exporters":[]}']])),
      why: "its books have an error at ledger.0.exporter",
    },
    {
      says: "more metadata than anyone writes",
      bytes: withMetadata(stream, new Map([format, ...Array.from({ length: 20 }, (_, i) => [`${i}`, ""] as const)])),
      why: "21 tables",
    },
    {
      says: "other columns",
      bytes: withMetadata(encodeTable({ a: { kind: "u8", values: [1] } }), new Map([format])),
      why: "column 0 is a, not received_at",
    },
    {
      says: "a column of another type",
      bytes: withMetadata(encodeTable({ received_at: { kind: "u64", values: [1] } }), new Map([format])),
      why: "column received_at is not of Arrow type",
    },
    {
      says: "classified columns",
      bytes: encodeFlows(sampleBatch(3, 8), { stage: "classify" }),
      why: `not ${DECODED_FIELDS.length}`,
    },
  ])("$says", ({ bytes, why }) => expect(unreadable(bytes)).toContain(why));

  test("a stream cut anywhere", () => {
    for (let length = 0; length < stream.length; length++) unreadable(stream.subarray(0, length));
  });

  test("a batch that tells more rows than it holds", () => {
    const rows = 3n;
    let changed = 0;
    for (let at = 0; at + 8 <= stream.length; at += 4) {
      const view = new DataView(stream.slice().buffer);
      if (view.getBigUint64(at, true) !== rows) continue;
      view.setBigUint64(at, 1n << 40n, true);
      const lied = new Uint8Array(view.buffer);
      try {
        decodeFlows(lied);
      } catch (error) {
        expect((error as Fault).code).toBe("BATCH_UNREADABLE");
        changed++;
      }
    }
    // The batch's own length and one a column.
    expect(changed).toBeGreaterThan(DECODED_FIELDS.length);
  });
});

test("damaged streams are read or refused, and never hold more rows than bytes", () => {
  const stream = encodeFlowsStream([sampleBatch(4, 9), sampleBatch(2, 10)], { stage: "decode", books: BOOKS });
  const random = new Random(12_345);
  const lies = [0, 1, 0x7f, 0x80, 0xff];
  let read = 0;
  let refused = 0;
  for (let round = 0; round < 5_000; round++) {
    const damaged = stream.slice();
    for (let i = random.below(4); i >= 0; i--) {
      const at = random.below(damaged.length - 4);
      if (random.below(2) === 0) damaged[at] = lies[random.below(lies.length)] as number;
      else
        new DataView(damaged.buffer).setUint32(
          at,
          [0xffffffff, 0x7fffffff, random.below(100), random.below(damaged.length)][random.below(4)] as number,
          true,
        );
    }
    try {
      for (const { rows } of decodeFlows(damaged).batches) expect(rows).toBeLessThanOrEqual(damaged.length);
      read++;
    } catch (error) {
      expect((error as Fault).code).toBe("BATCH_UNREADABLE");
      refused++;
    }
  }
  expect(read).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
});

test("apache-arrow reads the same stream", () => {
  const stream = encodeFlows(sampleBatch(3, 11), { stage: "decode" });
  expect([...RecordBatchReader.from(stream)].map(({ numRows }) => numRows)).toEqual([3]);
  expect(Message.decode(stream.subarray(8)).isSchema()).toBe(true);
});

test("columns that are zero throughout come back, and apache-arrow reads them as well", () => {
  const sent = sampleBatch(21, 12);
  for (const name of ["dst_addr", "bytes", "tos", "in_if", "end_at"] as const) sent.columns[name].fill(0);
  const stream = encodeFlows(sent, { stage: "decode" });
  const [batch] = decodeFlows(stream).batches as [FlowBatch];
  expect(used(batch, DECODED_FIELDS)).toEqual(used(sent, DECODED_FIELDS));
  const [read] = [...RecordBatchReader.from(stream)];
  for (const name of DECODED_FIELDS) {
    const values = read?.getChild(name)?.data[0]?.values as Uint8Array;
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    const { columns } = sent;
    const expected = Buffer.from(columns[name].buffer).subarray(
      0,
      21 * WIDTHS[FIELDS[name].kind] * columns[name].BYTES_PER_ELEMENT,
    );
    expect(bytes.subarray(0, expected.length).equals(expected), name).toBe(true);
  }
});

test("writing to one column that was zero throughout changes no other", () => {
  const sent = sampleBatch(16, 13);
  for (const name of DECODED_FIELDS) sent.columns[name].fill(0);
  const [batch] = decodeFlows(encodeFlows(sent, { stage: "decode" })).batches as [FlowBatch];
  batch.columns.sampling_rate.fill(1_000);
  for (const name of DECODED_FIELDS) {
    if (name !== "sampling_rate") expect(new Set(batch.columns[name]), name).toEqual(new Set([0]));
  }
});
