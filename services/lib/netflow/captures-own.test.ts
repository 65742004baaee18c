import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readCapture } from "@v6meter/pcap";
import { addressBytes, createFlowBatch, getBigU64 } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { createDecoder, type FlowSink } from "./index.ts";

const FOLDER = join(import.meta.dirname, "../../../infra/captures");
const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".pcap"))
  .map((name) => name.slice(0, -".pcap".length));

/** What tshark found; see infra/captures/README.md. */
interface Expected {
  datagrams: number;
  exporters: string[];
  versions: number[];
  flow_records: number;
  reverse_records: number;
  options_records: number;
  ipv4: number;
  ipv6: number;
  no_ip: number;
  bytes: number;
  packets: number;
  sampling_rates: number[];
}

function decoded(name: string): Expected {
  const { datagrams } = readCapture(readFileSync(join(FOLDER, `${name}.pcap`)));
  const decoder = createDecoder();
  const batch = createFlowBatch(1_024);
  const sink: FlowSink = {
    batch,
    full() {
      throw new Error("more records than any capture here has");
    },
  };
  // As a socket does, all come in the same memory: nothing of it may be kept.
  const memory = new Uint8Array(65_536);
  for (const { source, sourcePort, payload, atMs } of datagrams) {
    memory.set(payload);
    const datagram = memory.subarray(0, payload.length);
    decoder.decode(datagram, addressBytes(source) as Uint8Array, sourcePort, Math.floor(atMs), sink);
    memory.fill(0xff);
  }
  const rows = Array.from({ length: batch.rows }, (_, row) => row);
  const { ip_version, bytes, packets, version, sampling_rate } = batch.columns;
  const sum = (column: Uint32Array) => Number(rows.reduce((total, row) => total + getBigU64(column, row), 0n));
  const rates = new Set(rows.map((row) => sampling_rate[row] as number));
  rates.delete(0);
  return {
    datagrams: datagrams.length,
    exporters: [...new Set(datagrams.map(({ source }) => source))],
    versions: [...new Set(rows.map((row) => version[row] as number))],
    flow_records: decoder.totals.flowRecords,
    reverse_records: decoder.totals.reverseRecords,
    options_records: decoder.totals.optionsRecords,
    ipv4: rows.filter((row) => ip_version[row] === 4).length,
    ipv6: rows.filter((row) => ip_version[row] === 6).length,
    no_ip: rows.filter((row) => ip_version[row] === 0).length,
    bytes: sum(bytes),
    packets: sum(packets),
    sampling_rates: [...rates],
  };
}

test("there are captures of both exporters in v5, v9 and IPFIX", () => {
  for (const exporter of ["softflowd", "nfprobe"])
    for (const version of ["v5", "v9", "ipfix"]) expect(NAMES).toContain(`${exporter}-${version}`);
});

test.each(NAMES)("%s decodes to what tshark finds in it", (name) => {
  const {
    name: _name,
    computed_by: _by,
    ...expected
  } = JSON.parse(readFileSync(join(FOLDER, `${name}.expected.json`), "utf8"));
  expect(decoded(name)).toEqual(expected);
});
