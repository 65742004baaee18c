import { Random } from "@v6meter/random";
import {
  type BatchBooks,
  CLICKHOUSE_TYPES,
  createSessionBatch,
  Fault,
  getBigU64,
  SESSION_FIELD_NAMES,
  SESSION_FIELDS,
  type SessionBatch,
  type SessionFieldName,
  type SessionLabelName,
  WIDTHS,
} from "@v6meter/schemas";
import { expect, test } from "vitest";
import { arrowFile, select } from "./clickhouse.test-engine.ts";
import { encodeFlows } from "./encode.ts";
import { sampleBatch } from "./sample.test-data.ts";
import { decodeSessions, encodeSessions, encodeSessionsStream } from "./session-stream.ts";

const BOOKS: BatchBooks = {
  ledger: [{ exporter: "192.0.2.1", stage: "account", outcome: "received", reason: "", count: 7 }],
  exporters: [],
};

/** A batch whose every element is drawn from the seed, with words of its own. */
function sampleSessions(rows: number, seed: number, words = ["unknown", "电信", "b", "c"]): SessionBatch {
  const random = new Random(seed);
  const batch = createSessionBatch(rows + 2);
  batch.rows = rows;
  batch.labels = { operator: words, region: [...words, "210100"], access: words };
  for (const name of SESSION_FIELD_NAMES) {
    const { kind } = SESSION_FIELDS[name];
    const column = batch.columns[name];
    for (let i = 0; i < rows * WIDTHS[kind]; i++)
      column[i] = random.below(kind === "label" ? words.length : 0xffff_ffff);
    if (kind === "time") for (let row = 0; row < rows; row++) column[row * 2 + 1] = random.below(1000);
  }
  return batch;
}

/** An element as ClickHouse prints it, by a way that shares nothing with the encoder. */
function printed(batch: SessionBatch, name: SessionFieldName, row: number): unknown {
  const column = batch.columns[name];
  switch (SESSION_FIELDS[name].kind) {
    case "label":
      return batch.labels[name as SessionLabelName][column[row] as number];
    case "u64":
      return String(getBigU64(column as Uint32Array, row));
    case "time":
      return new Date(Number(getBigU64(column as Uint32Array, row))).toISOString().replace("T", " ").replace("Z", "");
    case "ip":
      return Buffer.from(column.subarray(row * 16, row * 16 + 16) as Uint8Array).toString("hex");
    default:
      return column[row];
  }
}

const expectedRows = (batch: SessionBatch) =>
  Array.from({ length: batch.rows }, (_, row) =>
    Object.fromEntries(SESSION_FIELD_NAMES.map((name) => [name, printed(batch, name, row)])),
  );

const COLUMNS = SESSION_FIELD_NAMES.map((name) =>
  SESSION_FIELDS[name].kind === "ip" ? `lower(hex(${name})) AS ${name}` : name,
).join(", ");

function unreadable(bytes: Uint8Array): string {
  try {
    decodeSessions(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    expect((error as Fault).code).toBe("BATCH_UNREADABLE");
    return (error as Fault).message;
  }
  throw new Error("the stream was read");
}

test("ClickHouse reads every value of a stream of session events, and the type of every column", () => {
  const batch = sampleSessions(129, 1);
  const file = arrowFile(encodeSessions(batch, BOOKS));
  expect(select(`DESCRIBE ${file}`).map(({ name, type }) => [name, type])).toEqual(
    SESSION_FIELD_NAMES.map((name) => {
      const { kind } = SESSION_FIELDS[name];
      return [name, kind === "ip" ? "FixedString(16)" : CLICKHOUSE_TYPES[kind]];
    }),
  );
  expect(select(`SELECT ${COLUMNS} FROM ${file}`)).toEqual(expectedRows(batch));
});

test("ClickHouse reads batches of one stream that have words of their own", () => {
  const batches = [sampleSessions(20, 2), sampleSessions(0, 3), sampleSessions(30, 4, ["unknown", "c", "电信"])];
  const rows = select(`SELECT ${COLUMNS} FROM ${arrowFile(encodeSessionsStream(batches))}`);
  expect(rows).toEqual(batches.flatMap(expectedRows));
});

test("every value, the words and the books come back", () => {
  const batch = sampleSessions(65, 5);
  const { batches, books } = decodeSessions(encodeSessions(batch, BOOKS));
  expect(books).toEqual(BOOKS);
  expect(batches.map((it) => expectedRows(it))).toEqual([expectedRows(batch)]);
});

test("a stream without events carries books", () => {
  const { batches, books } = decodeSessions(encodeSessionsStream([], BOOKS));
  expect([batches, books]).toEqual([[], BOOKS]);
});

test("flow records are no session events", () => {
  expect(unreadable(encodeFlows(sampleBatch(3, 1), { stage: "decode" }))).toMatch(/column 1 is start_at, not event_at/);
});

test("a stream that is cut short anywhere is unreadable", () => {
  const stream = encodeSessions(sampleSessions(9, 6), BOOKS);
  for (let length = 0; length < stream.length; length++) unreadable(stream.slice(0, length));
});

test("a stream with any byte changed is read as session events or is a BATCH_UNREADABLE", () => {
  const stream = encodeSessions(sampleSessions(3, 7), BOOKS);
  let read = 0;
  for (let at = 0; at < stream.length; at++) {
    for (const change of [0x01, 0x80, 0xff]) {
      const torn = stream.slice();
      torn[at] = (torn[at] as number) ^ change;
      let batches: SessionBatch[];
      try {
        ({ batches } = decodeSessions(torn));
      } catch (error) {
        expect((error as Fault).code).toBe("BATCH_UNREADABLE");
        continue;
      }
      for (const { rows, columns, labels } of batches) {
        for (const name of SESSION_FIELD_NAMES)
          expect(columns[name].length).toBe(rows * WIDTHS[SESSION_FIELDS[name].kind]);
        for (let row = 0; row < rows; row++) expect(labels.region[columns.region[row] as number]).toBeDefined();
      }
      read++;
    }
  }
  expect(read).toBeGreaterThan(0);
});

test("a label beyond its words is unreadable", () => {
  const batch = sampleSessions(3, 8);
  const words = batch.labels;
  const stream = encodeSessions({ ...batch, labels: words }, BOOKS);
  const region = batch.columns.region;
  const bytes = Buffer.from(region.buffer, region.byteOffset, 6);
  const at = Buffer.from(stream.buffer, stream.byteOffset, stream.length).lastIndexOf(bytes);
  stream[at] = 0xee;
  expect(unreadable(stream)).toMatch(/names word \d+, of \d+ words/);
});
