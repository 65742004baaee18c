import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { type Datagram, setDatagram } from "./datagram.ts";
import { NETFLOW5_TEMPLATE } from "./netflow5.ts";
import { createPacker } from "./packer.ts";
import { SAMPLING_HABITS } from "./sampling.ts";
import { createSequence } from "./sequence.ts";
import { encodeOptionsDataSet, encodeOptionsTemplateSet, encodeTemplateSet } from "./set.ts";
import { stamp } from "./stamp.ts";
import { createTemplate } from "./template.ts";
import { flowOf } from "./test-flow.ts";

/** node-netflowv9, written by other people: the decoder these encoders are checked with. */
interface Library {
  server: { close(): void };
  nfPktDecode(
    bytes: Buffer,
    source: { address: string; port: number; size: number },
  ): { header: Record<string, number>; flows: Record<string, unknown>[] };
}
const NetFlowV9 = createRequire(import.meta.url)("node-netflowv9") as new (options: object) => Library;

function openLibrary() {
  const library = new NetFlowV9({});
  library.server.close();
  return (bytes: Buffer) => library.nfPktDecode(bytes, { address: "192.0.2.1", port: 2055, size: bytes.length });
}

const EXPORT_MS = Date.UTC(2026, 10, 24, 4, 5, 6, 789);
const UPTIME_MS = 86_400_000;

describe("NetFlow v5", () => {
  const packed: Datagram[] = [];
  const packer = createPacker({
    version: 5,
    domain: 0x0102,
    v5SamplingInterval: 100,
    oneTemplatePerDatagram: true,
    emit: (datagram) => packed.push(datagram),
  });
  for (let i = 0; i < 30; i++)
    packer.add(
      NETFLOW5_TEMPLATE,
      flowOf({
        src: `59.44.0.${i}`,
        dst: "47.92.1.2",
        bytes: 1_000 + i,
        packets: 2,
        inIf: 7,
        outIf: 8,
        srcAs: 4134,
        dstAs: 400_000,
        tcpFlags: 0x1b,
        tos: 4,
        srcMask: 18,
        dstMask: 14,
      }),
      i,
    );
  packer.flush();

  test("a record's every field is read back by another decoder", () => {
    const datagram = packed[0] as Datagram;
    stamp(datagram, { exportTimeMs: EXPORT_MS, uptimeMs: UPTIME_MS, sequence: 41 });
    const { header, flows } = openLibrary()(datagram.bytes);
    expect(header).toMatchObject({
      count: 28,
      uptime: UPTIME_MS,
      seconds: Math.floor(EXPORT_MS / 1000),
      nseconds: 789_000_000,
      sequence: 41,
      engine_type: 1,
      engine_id: 2,
    });
    expect(flows[5]).toEqual({
      ipv4_src_addr: "59.44.0.5",
      ipv4_dst_addr: "47.92.1.2",
      ipv4_next_hop: "0.0.0.0",
      input_snmp: 7,
      output_snmp: 8,
      in_pkts: 2,
      in_bytes: 1_005,
      first_switched: UPTIME_MS - 1_500,
      last_switched: UPTIME_MS - 250,
      ipv4_src_port: 40_000,
      ipv4_dst_port: 443,
      tcp_flags: 0x1b,
      protocol: 6,
      src_tos: 4,
      in_as: 4134,
      out_as: 23_456,
      src_mask: 18,
      dst_mask: 14,
    });
  });

  test("the header's sampling field has mode 01 and the interval; not told, it is 0", () => {
    expect(packed[0]?.bytes.readUInt16BE(22)).toBe(0x4000 | 100);
    const silent: Datagram[] = [];
    const other = createPacker({
      version: 5,
      domain: 0,
      v5SamplingInterval: 0,
      oneTemplatePerDatagram: true,
      emit: (d) => silent.push(d),
    });
    other.add(NETFLOW5_TEMPLATE, flowOf({ src: "59.44.0.1", dst: "47.92.1.2" }), 0);
    other.flush();
    expect(silent[0]?.bytes.readUInt16BE(22)).toBe(0);
  });

  test("no datagram is longer than 1,400 octets and no record is lost between two", () => {
    expect(packed.map(({ bytes }) => bytes.length)).toEqual([24 + 28 * 48, 24 + 2 * 48]);
    expect(packed.flatMap(({ rows }) => [...rows])).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });
});

describe("NetFlow v9", () => {
  const v4 = createTemplate(
    256,
    [8, 12, 2, 1, 22, 21, 7, 11, 4, 10, 14, 48].map((element) => ({ element })),
  );
  const v6 = createTemplate(257, [
    { element: 27 },
    { element: 28 },
    { element: 1, length: 4 },
    { element: 2, length: 4 },
    { element: 29 },
    { element: 30 },
  ]);
  const flow4 = flowOf({
    src: "59.44.0.1",
    dst: "47.92.1.2",
    bytes: 5_000_000_000,
    packets: 7,
    inIf: 9,
    outIf: 1,
    samplerId: 3,
  });
  const flow6 = flowOf({ src: "240e:30c::7", dst: "2400:3200::9", bytes: 1_499, packets: 1, srcMask: 34, dstMask: 32 });

  test("templates, records of two templates in one datagram and padding are read back by another decoder", () => {
    const decode = openLibrary();
    decode(setDatagram(9, 5, [encodeTemplateSet(9, [v4, v6])], { records: 2, dataRecords: 0 }).bytes);
    const packed: Datagram[] = [];
    const packer = createPacker({
      version: 9,
      domain: 5,
      v5SamplingInterval: 0,
      oneTemplatePerDatagram: false,
      emit: (d) => packed.push(d),
    });
    packer.add(v4, flow4, 0);
    packer.add(v6, flow6, 1);
    packer.add(v6, flow6, 2);
    packer.add(v4, flow4, 3);
    packer.flush();
    expect(packed).toHaveLength(1);
    const datagram = packed[0] as Datagram;
    stamp(datagram, { exportTimeMs: EXPORT_MS, uptimeMs: UPTIME_MS, sequence: 0xffffffff });
    const { header, flows } = decode(datagram.bytes);
    expect(header).toMatchObject({ count: 4, uptime: UPTIME_MS, sequence: 0xffffffff, sourceId: 5 });
    expect(flows.map(({ fsId }) => fsId)).toEqual([256, 257, 257, 256]);
    expect({ ...flows[0] }).toEqual({
      ipv4_src_addr: "59.44.0.1",
      ipv4_dst_addr: "47.92.1.2",
      in_pkts: 7,
      in_bytes: 5_000_000_000,
      first_switched: UPTIME_MS - 1_500,
      last_switched: UPTIME_MS - 250,
      l4_src_port: 40_000,
      l4_dst_port: 443,
      protocol: 6,
      input_snmp: 9,
      output_snmp: 1,
      flow_sampler_id: 3,
      fsId: 256,
    });
    expect({ ...flows[1] }).toEqual({
      ipv6_src_addr: "240e030c000000000000000000000007",
      ipv6_dst_addr: "24003200000000000000000000000009",
      in_bytes: 1_499,
      in_pkts: 1,
      ipv6_src_mask: 34,
      ipv6_dst_mask: 32,
      fsId: 257,
    });
  });

  test.each(["sampler_table", "system_interval"] as const)("sampling told as %s is read back", (habit) => {
    const table = SAMPLING_HABITS[habit](300, { id: 3, rate: 2_000 });
    const { bytes } = setDatagram(9, 5, [encodeOptionsTemplateSet(9, [table]), encodeOptionsDataSet(table)], {
      records: 2,
      dataRecords: 1,
    });
    const { header, flows } = openLibrary()(bytes);
    expect(header.count).toBe(2);
    expect(flows).toHaveLength(1);
    expect(flows[0]).toMatchObject(
      habit === "sampler_table"
        ? { isOption: true, flow_sampler_id: 3, flow_sampler_random_interval: 2_000, flow_sampler_mode: 2 }
        : { isOption: true, sampling_interval: 2_000, sampling_algorithm: 2 },
    );
  });
});

test("a datagram sent again with another stamp carries the new times and number only", () => {
  const packed: Datagram[] = [];
  const template = createTemplate(
    256,
    [8, 12, 1, 152, 153].map((element) => ({ element })),
  );
  const packer = createPacker({
    version: 10,
    domain: 1,
    v5SamplingInterval: 0,
    oneTemplatePerDatagram: true,
    emit: (d) => packed.push(d),
  });
  packer.add(template, flowOf({ src: "59.44.0.1", dst: "47.92.1.2", bytes: 1 }), 0);
  packer.flush();
  const datagram = packed[0] as Datagram;
  stamp(datagram, { exportTimeMs: EXPORT_MS, uptimeMs: 0, sequence: 1 });
  const first = Buffer.from(datagram.bytes);
  stamp(datagram, { exportTimeMs: EXPORT_MS + 60_000, uptimeMs: 60_000, sequence: 2 });
  expect(datagram.bytes.readBigUInt64BE(16 + 4 + 16)).toBe(BigInt(EXPORT_MS + 60_000 - 1_500));
  stamp(datagram, { exportTimeMs: EXPORT_MS, uptimeMs: 0, sequence: 1 });
  expect(datagram.bytes.equals(first)).toBe(true);
});

describe("sequence numbers", () => {
  const datagram = (version: 5 | 9 | 10, records: number, dataRecords: number) =>
    ({ version, records, dataRecords }) as Datagram;
  test.each([
    { says: "v5 counts flows", version: 5 as const, numbers: [0, 28, 30] },
    { says: "v9 counts datagrams, templates too", version: 9 as const, numbers: [0, 1, 2] },
    { says: "IPFIX counts data records, options records among them", version: 10 as const, numbers: [0, 29, 31] },
  ])("$says", ({ version, numbers }) => {
    const sequence = createSequence();
    const sent = [datagram(version, 28, 29), datagram(version, 2, 2), datagram(version, 5, 5)];
    expect(sent.map((it) => sequence.next(it))).toEqual(numbers);
    sequence.restart();
    expect(sequence.next(datagram(version, 1, 1))).toBe(0);
  });
});

test("an element that cannot be written, and an id of a set, are refused in one sentence", () => {
  expect(() => createTemplate(256, [{ element: 9_999 }])).toThrow("template 256: element 9999 is not one");
  expect(() => createTemplate(255, [{ element: 8 }])).toThrow("template id 255 is not between 256 and 65535");
});
