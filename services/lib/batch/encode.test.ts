import {
  CLICKHOUSE_TYPES,
  createFlowBatch,
  DECODED_FIELDS,
  FIELD_NAMES,
  FIELDS,
  type FieldName,
  type FlowBatch,
} from "@v6meter/schemas";
import { expect, test } from "vitest";
import { arrowFile, run, select } from "./clickhouse.test-engine.ts";
import { decodeFlows } from "./decode.ts";
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

test("columns that are zero throughout share one buffer, and ClickHouse reads every value", () => {
  const batch = sampleBatch(257, 12);
  const zero: readonly FieldName[] = ["next_hop", "outer_src_addr", "mpls_label", "vlan_in", "nat_event", "start_at"];
  for (const name of zero) batch.columns[name].fill(0);
  // Zero but for the last element, and but for the first.
  batch.columns.outer_dst_addr.fill(0);
  batch.columns.outer_dst_addr[257 * 16 - 1] = 1;
  batch.columns.firewall_event.fill(0);
  batch.columns.firewall_event[0] = 1;
  const full = encodeFlows(sampleBatch(257, 12), { stage: "decode" });
  const shared = encodeFlows(batch, { stage: "decode" });
  // 16 + 16 + 4 + 2 + 1 + 8 bytes a row less, 16 for the zeros, and padding.
  expect(full.length - shared.length).toBeGreaterThanOrEqual((47 - 16) * 257 - 8);
  const rows = select(`SELECT ${hexAddresses(DECODED_FIELDS)} FROM ${arrowFile(shared)}`);
  expect(rows).toEqual(expectedRows(batch, DECODED_FIELDS));
});

test("batches of one stream have zeros of their own, at any size", () => {
  const batches = [sampleBatch(3, 13), sampleBatch(0, 14), sampleBatch(1, 15), sampleBatch(64, 16)];
  for (const [i, { columns }] of batches.entries()) columns[i % 2 === 0 ? "bytes" : "src_port"].fill(0);
  const rows = select(
    `SELECT ${hexAddresses(DECODED_FIELDS)} FROM ${arrowFile(encodeFlowsStream(batches, { stage: "decode" }))}`,
  );
  expect(rows).toEqual(batches.flatMap((batch) => expectedRows(batch, DECODED_FIELDS)));
});

test("a batch of zeros only is read", () => {
  const batch = createFlowBatch(5);
  batch.rows = 5;
  const rows = select(
    `SELECT ${hexAddresses(DECODED_FIELDS)} FROM ${arrowFile(encodeFlows(batch, { stage: "decode" }))}`,
  );
  expect(rows).toEqual(expectedRows(batch, DECODED_FIELDS));
});

test("nothing of what was in the memory before gets into a stream", () => {
  const batch = sampleBatch(9, 17);
  batch.columns.bytes.fill(0);
  const books = { ledger: [], exporters: [] };
  const dirty = (content: number) =>
    encodeFlows(batch, { stage: "decode", books, allocate: (bytes) => new Uint8Array(bytes).fill(content) });
  expect(Buffer.from(dirty(0xff)).equals(dirty(0))).toBe(true);
});

test("what was read off the bus is written for the store whole, columns that are zero throughout too", () => {
  const sent = sampleBatch(300, 11);
  const filled = ["received_at", "exporter", "src_addr", "src_port", "bytes", "packets"];
  for (const name of DECODED_FIELDS) if (!filled.includes(name)) sent.columns[name].fill(0);
  const { batches } = decodeFlows(encodeFlows(sent, { stage: "decode" }));
  const [batch] = batches as [FlowBatch];
  const stream = encodeFlowsStream([batch, batch], { stage: "classify" });
  const rows = select(`SELECT ${hexAddresses(FIELD_NAMES)} FROM ${arrowFile(stream)}`);
  expect(rows).toEqual([...expectedRows(batch, FIELD_NAMES), ...expectedRows(batch, FIELD_NAMES)]);
  expect(rows[0]).toMatchObject({ bytes: printed(sent, "bytes", 0), src_port: printed(sent, "src_port", 0) });
});
