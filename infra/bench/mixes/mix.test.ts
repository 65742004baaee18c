import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { refdec, refdecIsThere } from "@v6meter/exporter/refdec.test-data";
import { createDecoder } from "@v6meter/netflow";
import { addressBytes, createFlowBatch, resetFlowBatch } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { type Datagram, MIX_NAMES, type Mix, makeMix, Stamps } from "./mix.ts";

const EPOCH_MS = Date.UTC(2026, 5, 1);
const PORT = 2055;
const address = (exporter: number) => `127.1.${exporter >> 8}.${exporter & 0xff}`;
const [v5, v9, ipfix] = MIX_NAMES.map((name) => makeMix(name, 1, EPOCH_MS)) as [Mix, Mix, Mix];

function hash({ templates, datagrams }: Mix): string {
  const all = createHash("sha256");
  for (const { bytes } of [...templates, ...datagrams]) all.update(bytes);
  return all.digest("hex");
}

const sum = (datagrams: readonly Datagram[]) => datagrams.reduce((all, { records }) => all + records, 0);

/** Both, as they are sent: templates first, times and sequence numbers written. */
function stamped(mix: Mix, templates: readonly Datagram[], datagrams: readonly Datagram[]): readonly Datagram[] {
  const stamps = new Stamps(mix);
  const all = [...templates, ...datagrams];
  for (const datagram of all) stamps.stamp(datagram, EPOCH_MS);
  return all;
}

// Before any test writes times and sequence numbers into them.
const HASHES = new Map([v5, v9, ipfix].map((mix) => [mix.name, hash(mix)]));

test.each([v5, v9, ipfix])("$name: the same seed and moment make the same bytes, another seed others", ({ name }) => {
  expect(hash(makeMix(name, 1, EPOCH_MS))).toBe(HASHES.get(name));
  expect(hash(makeMix(name, 2, EPOCH_MS))).not.toBe(HASHES.get(name));
});

test.each([v5, v9])("$name: node-netflowv9 reads as many records as the mix says it has", (mix) => {
  const NetFlowV9 = createRequire(import.meta.url)("node-netflowv9");
  const library = new NetFlowV9({});
  library.server.close();
  let records = 0;
  for (const { exporter, bytes } of stamped(mix, mix.templates, mix.datagrams))
    records += library.nfPktDecode(bytes, { address: address(exporter), port: PORT })?.flows?.length ?? 0;
  expect(records).toBe(mix.records);
  expect(records).toBe(sum(mix.datagrams));
});

test.runIf(refdecIsThere)(
  "ipfix: a decoder after the RFC alone reads its flows, options and vendors without a fault",
  () => {
    // Twenty exporters of each make, their templates and their first message, which has options.
    const isFirst = ({ exporter }: Datagram) => exporter < 200;
    const first = ipfix.datagrams.slice(0, 200);
    const datagrams = stamped(ipfix, ipfix.templates.filter(isFirst), first).map(({ exporter, bytes }) => ({
      source: address(exporter),
      sourcePort: PORT,
      destination: "127.0.0.1",
      destinationPort: PORT,
      atMs: EPOCH_MS,
      payload: bytes,
    }));
    const { lines, errors } = refdec<{ type: string; bytes: number; packets: number; ip_version?: number }>(datagrams);
    expect(errors).toEqual([]);
    const flows = lines.filter(({ type }) => type === "flow");
    expect(flows.length).toBe(sum(first));
    // One with the templates and one with the flows.
    expect(lines.length - flows.length).toBe(400);
    expect(flows.every(({ bytes, packets }) => bytes > 0 && packets > 0)).toBe(true);
  },
);

test("ipfix: this platform's decoder knows every record and says nothing against any", () => {
  const decoder = createDecoder();
  const batch = createFlowBatch(65_536);
  const sink = {
    batch,
    full() {
      resetFlowBatch(batch);
      return batch;
    },
  };
  for (const { exporter, bytes } of stamped(ipfix, ipfix.templates, ipfix.datagrams))
    decoder.decode(bytes, addressBytes(address(exporter)) as Uint8Array, PORT, EPOCH_MS, sink);
  expect(decoder.totals.flowRecords).toBe(ipfix.records);
  expect(decoder.totals.optionsRecords).toBe(2_000);
  const dropped = decoder.takeLedger().filter(({ outcome, reason }) => outcome === "dropped" || reason !== "");
  expect(dropped).toEqual([]);
});

test("sequence numbers of an exporter go on by what its datagrams hold, pass after pass", () => {
  const stamps = new Stamps(v5);
  const of = (datagram: Datagram) => {
    stamps.stamp(datagram, EPOCH_MS);
    return datagram.bytes.readUInt32BE(16);
  };
  const [first, second] = v5.datagrams as [Datagram, Datagram];
  expect([of(first), of(second), of(first), of(second)]).toEqual([0, 0, 30, 30]);
  expect(first.bytes.readUInt32BE(8)).toBe(EPOCH_MS / 1_000);
});
