import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CAPTURE_FOLDERS } from "@v6meter/captures";
import { readCapture } from "@v6meter/pcap";
import { addressBytes, addressText, createFlowBatch, getU64, type LedgerDelta, resetFlowBatch } from "@v6meter/schemas";
import { describe, expect, test } from "vitest";
import type { Decoder, FlowSink } from "../index.ts";
import { createNodeNetflowV9Decoder } from "./node-netflowv9.ts";

const EXPORTER = addressBytes("192.0.2.1") as Uint8Array;
const NOW_MS = 1_750_000_000_000;

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const v9 = (sets: string, domain = "00000000") => bytes(`0009 0001 00000000 68400000 00000001 ${domain} ${sets}`);
/** Template 256 of source address and octets, and a record of it. */
const TEMPLATE = "0000 0010 0100 0002 0008 0004 0001 0004";
const DATA = "0100 000c c0000263 000003e8";

function sinkOf(rows = 1_024): FlowSink {
  const sink: FlowSink = {
    batch: createFlowBatch(rows),
    full() {
      resetFlowBatch(sink.batch);
      return sink.batch;
    },
  };
  return sink;
}

const count = (ledger: readonly LedgerDelta[], stage: string, outcome: string, reason = "") =>
  ledger
    .filter((delta) => delta.stage === stage && delta.outcome === outcome && delta.reason === reason)
    .reduce((sum, delta) => sum + delta.count, 0);

function give(decoder: Decoder, sink: FlowSink, ...datagrams: Uint8Array[]): void {
  for (const datagram of datagrams) decoder.decode(datagram, EXPORTER, 2055, NOW_MS, sink);
}

describe.each(["softflowd-v5", "softflowd-v9", "nfprobe-v5", "nfprobe-v9", "softflowd-v9-sampled"])("%s", (name) => {
  test("has the records, bytes, packets and sampling rate tshark finds", async () => {
    const expected = JSON.parse(readFileSync(join(CAPTURE_FOLDERS.own, `${name}.expected.json`), "utf8"));
    const decoder = await createNodeNetflowV9Decoder();
    const sink = sinkOf();
    for (const { payload, source, sourcePort } of readCapture(readFileSync(join(CAPTURE_FOLDERS.own, `${name}.pcap`)))
      .datagrams)
      decoder.decode(payload, addressBytes(source) as Uint8Array, sourcePort, NOW_MS, sink);
    const { bytes, packets, ip_version, sampling_rate } = sink.batch.columns;
    const rows = Array.from({ length: sink.batch.rows }, (_, row) => row);
    expect({
      flow_records: decoder.totals.flowRecords,
      options_records: decoder.totals.optionsRecords,
      ipv4: rows.filter((row) => ip_version[row] === 4).length,
      ipv6: rows.filter((row) => ip_version[row] === 6).length,
      bytes: rows.reduce((sum, row) => sum + getU64(bytes, row), 0),
      packets: rows.reduce((sum, row) => sum + getU64(packets, row), 0),
      sampling_rates: [...new Set(rows.map((row) => sampling_rate[row]))].filter((rate) => rate !== 0),
    }).toEqual({
      flow_records: expected.flow_records,
      options_records: expected.options_records,
      ipv4: expected.ipv4,
      ipv6: expected.ipv6,
      bytes: expected.bytes,
      packets: expected.packets,
      sampling_rates: expected.sampling_rates,
    });
  });
});

test("IPFIX is dropped and counted", async () => {
  const decoder = await createNodeNetflowV9Decoder();
  const sink = sinkOf();
  const { datagrams } = readCapture(readFileSync(join(CAPTURE_FOLDERS.own, "softflowd-ipfix.pcap")));
  give(decoder, sink, ...datagrams.map(({ payload }) => payload));
  const ledger = decoder.takeLedger();
  expect(sink.batch.rows).toBe(0);
  expect(count(ledger, "receive", "received")).toBe(datagrams.length);
  expect(count(ledger, "receive", "dropped", "version_unsupported")).toBe(datagrams.length);
});

test("v7 is read, record by record, though the library's own loop cannot", async () => {
  const record = (n: number) => `c000020${n} c6336401 00000000 0001 0002 00000003 0000000${n} ${"00".repeat(28)}`;
  const decoder = await createNodeNetflowV9Decoder();
  const sink = sinkOf();
  give(decoder, sink, bytes(`0007 0002 00000000 68400000 00000000 00000001 00000000 ${record(1)} ${record(2)}`));
  expect(sink.batch.rows).toBe(2);
  const { src_addr, bytes: octets, version } = sink.batch.columns;
  expect([0, 1].map((row) => [addressText(src_addr, row * 16), getU64(octets, row), version[row]])).toEqual([
    ["192.0.2.1", 1, 7],
    ["192.0.2.2", 2, 7],
  ]);
});

test("source ids keep their templates apart", async () => {
  const decoder = await createNodeNetflowV9Decoder();
  const sink = sinkOf();
  const swapped = "0000 0010 0100 0002 0001 0004 0008 0004";
  give(decoder, sink, v9(TEMPLATE, "00000001"), v9(swapped, "00000002"), v9(DATA, "00000001"));
  expect(addressText(sink.batch.columns.src_addr)).toBe("192.0.2.99");
  expect(getU64(sink.batch.columns.bytes, 0)).toBe(1_000);
});

describe("what would hang the library is dropped and counted", () => {
  test.each([
    { says: "a set of length 0", datagrams: [v9("0100 0000 01020304")], reason: "set_length" },
    { says: "a set over the end", datagrams: [v9("0100 0040 01020304")], reason: "set_length" },
    {
      says: "a template without length",
      datagrams: [v9("0000 000c 0100 0001 0001 0000"), v9("0100 0008 01020304")],
      reason: "template_zero_length",
    },
    {
      says: "a template that does not parse",
      datagrams: [v9("0000 000c 0100 0009 0001 0004")],
      reason: "template_malformed",
    },
    { says: "a reserved set id", datagrams: [v9("0007 0008 01020304")], reason: "set_id_reserved" },
    { says: "data without a template", datagrams: [v9(DATA)], reason: "no_template_expired" },
  ])("$says", async ({ datagrams, reason }) => {
    const decoder = await createNodeNetflowV9Decoder();
    give(decoder, sinkOf(), ...datagrams);
    expect(count(decoder.takeLedger(), "decode", "dropped", reason)).toBe(1);
  });
});

test("templates are kept across a restart", async () => {
  const before = await createNodeNetflowV9Decoder();
  give(before, sinkOf(), v9(TEMPLATE));
  const states = before.takeState();
  expect([...states.keys()]).toEqual(["192.0.2.1"]);
  const after = await createNodeNetflowV9Decoder();
  after.restore(states as Map<string, Uint8Array>);
  const sink = sinkOf();
  give(after, sink, v9(DATA));
  expect(sink.batch.rows).toBe(1);
  after.restore(new Map([["192.0.2.9", bytes("7b")]]));
  expect(after.totals.unreadableStates).toBe(1);
});

test("a template that is not sent again is forgotten", async () => {
  const decoder = await createNodeNetflowV9Decoder({ templateTtlMs: 60_000 });
  const sink = sinkOf();
  give(decoder, sink, v9(TEMPLATE));
  decoder.expire(NOW_MS + 61_000);
  expect(decoder.takeState().get("192.0.2.1")).toBeNull();
  give(decoder, sink, v9(DATA));
  expect(sink.batch.rows).toBe(0);
});

test("the status names sessions, templates and the sampling rate", async () => {
  const decoder = await createNodeNetflowV9Decoder();
  const { datagrams } = readCapture(readFileSync(join(CAPTURE_FOLDERS.own, "softflowd-v9-sampled.pcap")));
  give(decoder, sinkOf(), ...datagrams.map(({ payload }) => payload));
  expect(decoder.takeStatus()).toMatchObject([
    {
      exporter: "192.0.2.1",
      version: 9,
      templates: 5,
      options_templates: 1,
      sampling: [{ sampler: null, rate: 4 }],
      sampling_source: "options",
    },
  ]);
  expect(decoder.takeStatus()).toEqual([]);
});

test("where the package is not installed the setting is refused in one sentence", async () => {
  const missing = Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
  await expect(createNodeNetflowV9Decoder({}, () => Promise.reject(missing))).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message:
      "collector.decoder is node-netflowv9, which is not installed: npm install node-netflowv9, or set it to v6meter.",
  });
});
