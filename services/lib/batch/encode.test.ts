import {
  CLICKHOUSE_TYPES,
  DECODED_FIELDS,
  FIELD_NAMES,
  FIELDS,
  type FieldName,
  type FlowBatch,
} from "@v6meter/schemas";
import { expect, test } from "vitest";
import { arrowFile, run, select } from "./clickhouse.test-engine.ts";
import { encodeFlows, encodeFlowsStream } from "./encode.ts";
import { labelsOf, printed, sampleBatch } from "./sample.test-data.ts";

function expectedRows(batch: FlowBatch, names: readonly FieldName[]) {
  return Array.from({ length: batch.rows }, (_, row) =>
    Object.fromEntries(names.map((name) => [name, printed(batch, name, row)])),
  );
}

const hexAddresses = (names: readonly FieldName[]) =>
  names.map((name) => (FIELDS[name].kind === "ip" ? `lower(hex(${name})) AS ${name}` : name)).join(", ");

test("ClickHouse infers the type of every column that the flow record names, addresses as 16 bytes", () => {
  const described = select(`DESCRIBE ${arrowFile(encodeFlows(sampleBatch(3, 1), { stage: "classify" }))}`);
  const types = FIELD_NAMES.map((name) => {
    const { kind } = FIELDS[name];
    return [name, kind === "ip" ? "FixedString(16)" : CLICKHOUSE_TYPES[kind]];
  });
  expect(described.map(({ name, type }) => [name, type])).toEqual(types);
});

test.each([
  { stage: "decode", names: DECODED_FIELDS },
  { stage: "classify", names: FIELD_NAMES },
] as const)("ClickHouse reads every value of the columns of stage $stage", ({ stage, names }) => {
  const batch = sampleBatch(257, 2);
  const rows = select(`SELECT ${hexAddresses(names)} FROM ${arrowFile(encodeFlows(batch, { stage }))}`);
  expect(rows).toEqual(expectedRows(batch, names));
});

test("a stream is inserted into a table of the flow record's types", () => {
  const batch = sampleBatch(100, 3);
  run(
    `CREATE TABLE inserted (${FIELD_NAMES.map((name) => `${name} ${CLICKHOUSE_TYPES[FIELDS[name].kind]}`)}) ENGINE = Memory`,
  );
  run(`INSERT INTO inserted SELECT * FROM ${arrowFile(encodeFlows(batch, { stage: "classify" }))}`);
  const names = FIELD_NAMES.filter((name) => FIELDS[name].kind !== "ip");
  const rows = select(`SELECT ${names} FROM inserted`);
  expect(rows).toEqual(expectedRows(batch, names));
  const [first] = select("SELECT src_addr, bytes, toTypeName(src_addr) AS type FROM inserted LIMIT 1");
  expect(first).toEqual({ src_addr: "::ffff:192.0.2.1", bytes: "18446744073709551615", type: "IPv6" });
});

test("batches of one stream share the longest labels", () => {
  const batches = [sampleBatch(10, 4, 2), sampleBatch(0, 5), sampleBatch(30, 6, 700), sampleBatch(5, 7, 3)];
  const rows = select(
    `SELECT ${hexAddresses(FIELD_NAMES)} FROM ${arrowFile(encodeFlowsStream(batches, { stage: "classify" }))}`,
  );
  expect(rows).toEqual(batches.flatMap((batch) => expectedRows(batch, FIELD_NAMES)));
});

test("a label that uses the last of 65,536 words is read", () => {
  const batch = { ...sampleBatch(2, 8), labels: labelsOf(65_536) };
  batch.columns.region.set([65_535, 0]);
  const rows = select(`SELECT region FROM ${arrowFile(encodeFlows(batch, { stage: "classify" }))}`);
  expect(rows).toEqual([{ region: "词65535" }, { region: "unknown" }]);
});

test.each([0, 1, 2])("a stream of %i empty batches has no rows", (count) => {
  const batches = Array.from({ length: count }, () => sampleBatch(0, 9));
  expect(select(`SELECT count() AS rows FROM ${arrowFile(encodeFlowsStream(batches, { stage: "classify" }))}`)).toEqual(
    [{ rows: "0" }],
  );
});

test("only used rows are written", () => {
  const batch = sampleBatch(50, 10);
  batch.rows = 7;
  expect(select(`SELECT count() AS rows FROM ${arrowFile(encodeFlows(batch, { stage: "decode" }))}`)).toEqual([
    { rows: "7" },
  ]);
});

test("columns that lie at odd places of a shared buffer are written as they are", () => {
  const batch = sampleBatch(9, 11);
  const shifted = new Uint8Array(4 + batch.columns.bytes.byteLength);
  const bytes = new Uint32Array(shifted.buffer, 4, batch.columns.bytes.length);
  bytes.set(batch.columns.bytes);
  const moved = { ...batch, columns: { ...batch.columns, bytes, packets: bytes } };
  const rows = select(`SELECT bytes, packets FROM ${arrowFile(encodeFlows(moved, { stage: "decode" }))}`);
  expect(rows).toEqual(expectedRows(moved, ["bytes", "packets"]));
});
