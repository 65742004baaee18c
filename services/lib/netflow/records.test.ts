import { getBigU64 } from "@v6meter/schemas";
import { expect, test } from "vitest";
import { type FieldSpec, ip, ipfix, NOW_MS, Subject, set, template, uint, v9 } from "./messages.test-data.ts";

const V4: readonly FieldSpec[] = [
  [8, 4],
  [12, 4],
];
const V6: readonly FieldSpec[] = [
  [27, 16],
  [28, 16],
];
const v4 = [...ip("10.0.0.1"), ...ip("10.0.0.2")];
const v6 = [...ip("2001:db8::1"), ...ip("2001:db8::2")];

/** One IPFIX record of the fields, decoded. */
function decodeIpfix(fields: readonly FieldSpec[], ...values: number[][]): Subject {
  return new Subject().give(ipfix([set(2, template(256, fields)), set(256, values.flat())]));
}

function decodeV9(fields: readonly FieldSpec[], ...values: number[][]): Subject {
  return new Subject().give(v9([set(0, template(256, fields)), set(256, values.flat())]));
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])("a counter of %i bytes is read in full (reduced-size encoding)", (length) => {
  const value = 2n ** BigInt(8 * length) - 3n;
  const subject = decodeIpfix([...V4, [1, length], [2, length]], v4, uint(value, length), uint(5, length));
  expect(getBigU64(subject.batch.columns.bytes, 0)).toBe(value);
  expect(getBigU64(subject.batch.columns.packets, 0)).toBe(5n);
});

test.each([
  { says: "interfaces of 2 bytes", fields: [[10, 2]], values: [uint(513, 2)], column: "in_if", is: 513 },
  { says: "interfaces of 4 bytes", fields: [[14, 4]], values: [uint(70_000, 4)], column: "out_if", is: 70_000 },
  {
    says: "an AS number of 4 bytes",
    fields: [[16, 4]],
    values: [uint(4_200_000_000, 4)],
    column: "src_as",
    is: 4_200_000_000,
  },
  { says: "an AS number of 3 bytes", fields: [[17, 3]], values: [uint(70_001, 3)], column: "dst_as", is: 70_001 },
  { says: "a port of 1 byte", fields: [[11, 1]], values: [[53]], column: "dst_port", is: 53 },
  {
    says: "a UDP port element where the plain one is absent",
    fields: [[181, 2]],
    values: [uint(53, 2)],
    column: "dst_port",
    is: 53,
  },
  { says: "TCP flags of 2 bytes", fields: [[6, 2]], values: [uint(0x1c2, 2)], column: "tcp_flags", is: 0x1c2 },
  {
    says: "the top MPLS label",
    fields: [[70, 3]],
    values: [uint((24_005 << 4) | 1, 3)],
    column: "mpls_label",
    is: 24_005,
  },
  { says: "the VLAN id", fields: [[58, 2]], values: [uint(100, 2)], column: "vlan_in", is: 100 },
  { says: "the 802.1Q VLAN id", fields: [[243, 2]], values: [uint(101, 2)], column: "vlan_in", is: 101 },
  { says: "the post 802.1Q VLAN id", fields: [[254, 2]], values: [uint(102, 2)], column: "vlan_out", is: 102 },
  { says: "ICMP type and code", fields: [[32, 2]], values: [uint(0x0301, 2)], column: "icmp_type_code", is: 0x0301 },
  {
    says: "ICMP type and code apart",
    fields: [
      [176, 1],
      [177, 1],
    ],
    values: [[11], [1]],
    column: "icmp_type_code",
    is: 0x0b01,
  },
  { says: "a NAT event", fields: [[230, 1]], values: [[4]], column: "nat_event", is: 4 },
  { says: "a firewall event", fields: [[233, 1]], values: [[2]], column: "firewall_event", is: 2 },
  { says: "forwarding status", fields: [[89, 1]], values: [[0x40]], column: "forwarding_status", is: 0x40 },
  { says: "egress", fields: [[61, 1]], values: [[1]], column: "direction", is: 1 },
] as const)("$says", ({ fields, values, column, is }) => {
  const subject = decodeIpfix([...V4, ...fields] as FieldSpec[], v4, ...(values as readonly number[][]));
  expect(subject.column(column)).toEqual([is]);
});

test("post-NAT addresses and ports do not replace the flow's own", () => {
  const subject = decodeIpfix(
    [...V4, [7, 2], [225, 4], [226, 4], [227, 2]],
    v4,
    uint(1_234, 2),
    ip("203.0.113.1"),
    ip("203.0.113.2"),
    uint(9, 2),
  );
  expect(subject.column("src_addr")).toEqual(["10.0.0.1"]);
  expect(subject.column("dst_addr")).toEqual(["10.0.0.2"]);
  expect(subject.column("src_port")).toEqual([1_234]);
});

test("masks, next hop and ICMP of an IPv6 record are the IPv6 elements", () => {
  const subject = decodeV9(
    [...V6, [9, 1], [29, 1], [30, 1], [15, 4], [62, 16], [139, 2]],
    v6,
    [24, 64, 48],
    ip("10.9.9.9"),
    ip("fe80::1"),
    uint(0x8100, 2),
  );
  expect(subject.column("ip_version")).toEqual([6]);
  expect(subject.column("src_mask")).toEqual([64]);
  expect(subject.column("dst_mask")).toEqual([48]);
  expect(subject.column("next_hop")).toEqual(["fe80::1"]);
  expect(subject.column("icmp_type_code")).toEqual([0x8100]);
});

test("an IPv6 record is one with and without the EtherType element", () => {
  const without = decodeIpfix(V6, v6);
  const withType = decodeIpfix([[256, 2], ...V6], uint(0x86dd, 2), v6);
  for (const subject of [without, withType]) {
    expect(subject.column("ip_version")).toEqual([6]);
    expect(subject.column("src_addr")).toEqual(["2001:db8::1"]);
  }
});

test.each([
  {
    says: "octets before the observation point go first",
    fields: [
      [1, 4],
      [23, 4],
    ],
    values: [7, 9],
    bytes: 7,
  },
  {
    says: "egress metering fills only those behind it",
    fields: [
      [1, 4],
      [23, 4],
    ],
    values: [0, 9],
    bytes: 9,
  },
  { says: "totals are taken where deltas are absent", fields: [[85, 4]], values: [11], bytes: 11 },
  {
    says: "totals are never added to deltas",
    fields: [
      [1, 4],
      [85, 4],
    ],
    values: [0, 11],
    bytes: 0,
  },
  {
    says: "initiator octets are the record's",
    fields: [
      [231, 4],
      [232, 4],
    ],
    values: [12, 13],
    bytes: 12,
  },
  { says: "layer 2 octets are the last resort", fields: [[352, 4]], values: [14], bytes: 14 },
] as const)("$says", ({ fields, values, bytes }) => {
  const subject = decodeIpfix([...V4, ...fields] as FieldSpec[], v4, ...values.map((value) => uint(value, 4)));
  expect(subject.column("bytes")).toEqual([bytes]);
});

test("responder octets and packets have columns of their own and make no second row", () => {
  const subject = decodeIpfix(
    [...V4, [231, 4], [232, 4], [298, 4], [299, 4]],
    v4,
    uint(1, 4),
    uint(2, 4),
    uint(3, 4),
    uint(4, 4),
  );
  expect(subject.rows).toBe(1);
  expect(subject.column("responder_bytes")).toEqual([2]);
  expect(subject.column("packets")).toEqual([3]);
  expect(subject.column("responder_packets")).toEqual([4]);
});

test.each([
  {
    says: "of an IPv6 tunnel with an IPv4 packet inside",
    first: v6,
    second: v4,
    order: [...V6, ...V4],
    version: 4,
    src: "10.0.0.1",
    outer: "2001:db8::1",
  },
  {
    says: "of an IPv4 tunnel with an IPv6 packet inside",
    first: v4,
    second: v6,
    order: [...V4, ...V6],
    version: 6,
    src: "2001:db8::1",
    outer: "10.0.0.1",
  },
])("$says the packet inside is the record's", ({ first, second, order, version, src, outer }) => {
  const subject = decodeIpfix(order, first, second);
  expect(subject.column("ip_version")).toEqual([version]);
  expect(subject.column("src_addr")).toEqual([src]);
  expect(subject.column("outer_src_addr")).toEqual([outer]);
});

test("of addresses that occur twice the last are the record's, the first the tunnel's", () => {
  const subject = decodeIpfix([...V6, [4, 1], ...V6, [4, 1]], v6, [4], ip("2001:db8:1::1"), ip("2001:db8:1::2"), [6]);
  expect(subject.column("src_addr")).toEqual(["2001:db8:1::1"]);
  expect(subject.column("dst_addr")).toEqual(["2001:db8:1::2"]);
  expect(subject.column("protocol")).toEqual([6]);
  expect(subject.column("outer_src_addr")).toEqual(["2001:db8::1"]);
  expect(subject.column("outer_dst_addr")).toEqual(["2001:db8::2"]);
  expect(subject.column("outer_protocol")).toEqual([4]);
});

test("in a template for both families the addresses that are not zero decide", () => {
  const zero = (length: number) => new Array<number>(length).fill(0);
  const subject = decodeV9([...V4, ...V6], [...v4, ...zero(32)], [...zero(8), ...v6]);
  expect(subject.column("ip_version")).toEqual([4, 6]);
  expect(subject.column("src_addr")).toEqual(["10.0.0.1", "2001:db8::1"]);
  expect(subject.column("outer_src_addr")).toEqual(["::", "::"]);
});

test("where both families' addresses are zero, IE 60 says which it is", () => {
  const subject = decodeV9([...V4, ...V6, [60, 1]], new Array<number>(40).fill(0), [6]);
  expect(subject.column("ip_version")).toEqual([6]);
});

test("a record without addresses has no IP version", () => {
  const subject = decodeIpfix(
    [
      [56, 6],
      [1, 4],
    ],
    [1, 2, 3, 4, 5, 6],
    uint(99, 4),
  );
  expect(subject.column("ip_version")).toEqual([0]);
  expect(subject.column("bytes")).toEqual([99]);
});

const ntp = (ms: number) => {
  const seconds = Math.floor(ms / 1000) + 2_208_988_800;
  return [...uint(seconds % 2 ** 32, 4), ...uint(Math.ceil(((ms % 1000) * 2 ** 32) / 1000), 4)];
};
const START_MS = NOW_MS - 12_345;

test.each([
  { says: "milliseconds", fields: [[152, 8]], value: uint(START_MS, 8), ms: START_MS },
  {
    says: "seconds",
    fields: [[150, 4]],
    value: uint(Math.floor(START_MS / 1000), 4),
    ms: Math.floor(START_MS / 1000) * 1000,
  },
  { says: "microseconds are NTP timestamps", fields: [[154, 8]], value: ntp(START_MS), ms: START_MS },
  { says: "nanoseconds are NTP timestamps", fields: [[156, 8]], value: ntp(START_MS), ms: START_MS },
  {
    says: "NTP timestamps of the era after 2036",
    fields: [[154, 8]],
    value: ntp(Date.UTC(2040, 0, 1)),
    ms: Date.UTC(2040, 0, 1),
  },
  { says: "microseconds before the export", fields: [[158, 4]], value: uint(2_500_000, 4), ms: NOW_MS - 2_500 },
  { says: "the time of observation", fields: [[323, 8]], value: uint(START_MS, 8), ms: START_MS },
] as const)("a start in $says", ({ fields, value, ms }) => {
  const subject = decodeIpfix([...V4, ...fields] as FieldSpec[], v4, [...value]);
  expect(subject.column("start_at")).toEqual([ms]);
  expect(subject.column("end_at")).toEqual([0]);
});

test.each([
  { says: "before the export", uptimeMs: 100_000, first: 90_000, ms: NOW_MS - 10_000 },
  { says: "before a wrap of the uptime", uptimeMs: 3, first: 2 ** 32 - 997, ms: NOW_MS - 1_000 },
  { says: "a little in the future", uptimeMs: 100_000, first: 100_500, ms: NOW_MS + 500 },
])("a v9 time by uptime $says", ({ uptimeMs, first, ms }) => {
  const message = v9([set(0, template(256, [...V4, [22, 4]])), set(256, v4, uint(first, 4))], { uptimeMs });
  expect(new Subject().give(message).column("start_at")).toEqual([ms]);
});

test("an IPFIX time by uptime is relative to the boot time in the record", () => {
  const boot = NOW_MS - 86_400_000;
  const subject = decodeIpfix(
    [...V4, [160, 8], [22, 4], [21, 4]],
    v4,
    uint(boot, 8),
    uint(86_390_000, 4),
    uint(86_395_000, 4),
  );
  expect(subject.column("start_at")).toEqual([NOW_MS - 10_000]);
  expect(subject.column("end_at")).toEqual([NOW_MS - 5_000]);
});

test("an uptime that wrapped since the boot is taken nearest to the export", () => {
  const boot = NOW_MS - 2 ** 32 - 50_000;
  const subject = decodeIpfix([...V4, [160, 8], [22, 4]], v4, uint(boot, 8), uint(40_000, 4));
  expect(subject.column("start_at")).toEqual([NOW_MS - 10_000]);
});

test("without a boot time an IPFIX uptime gives no time", () => {
  const subject = decodeIpfix([...V4, [22, 4]], v4, uint(40_000, 4));
  expect(subject.column("start_at")).toEqual([0]);
});

test("a time no calendar knows is no time", () => {
  const subject = decodeIpfix([...V4, [152, 8], [153, 8]], v4, uint(2n ** 64n - 1n, 8), uint(NOW_MS, 8));
  expect(subject.column("start_at")).toEqual([0]);
  expect(subject.column("end_at")).toEqual([NOW_MS]);
});

test("variable-length fields are skipped by their length, short and long form", () => {
  const long = new Array<number>(300).fill(0x41);
  const fields: FieldSpec[] = [[96, 65_535], ...V4, [371, 65_535], [1, 8]];
  const record = (name: number[], bytes: number) => [...name, ...v4, 0, ...uint(bytes, 8)];
  const subject = decodeIpfix(
    fields,
    record([3, 1, 2, 3], 10),
    record([255, ...uint(300, 2), ...long], 20),
    record([0], 30),
  );
  expect(subject.column("bytes")).toEqual([10, 20, 30]);
  expect(subject.column("src_addr")).toEqual(["10.0.0.1", "10.0.0.1", "10.0.0.1"]);
});

test("an integer may come in variable length", () => {
  const subject = decodeIpfix([...V4, [1, 65_535]], [...v4, 2, 1, 0], [...v4, 8, ...uint(2n ** 40n, 8)], [...v4, 0]);
  expect(subject.column("bytes")).toEqual([256, 2 ** 40, 0]);
});

test("a v9 length of 65535 is read as variable length", () => {
  const subject = decodeV9([...V4, [94, 65_535], [1, 4]], v4, [2, 0x48, 0x49], uint(77, 4));
  expect(subject.column("bytes")).toEqual([77]);
});

test.each([291, 292, 293])("a structured data list (IE %i) is skipped whole", (element) => {
  const list = [3, ...uint(8, 2), ...uint(4, 2), ...ip("198.51.100.1"), ...ip("198.51.100.2")];
  const subject = decodeIpfix([[element, 65_535], ...V4, [1, 4]], [list.length, ...list], v4, uint(55, 4));
  expect(subject.column("src_addr")).toEqual(["10.0.0.1"]);
  expect(subject.column("bytes")).toEqual([55]);
});

test("enterprise elements are skipped by their length, whatever number they have", () => {
  const subject = decodeIpfix(
    [[8, 4, 9_999], ...V4, [1, 8, 9_999], [1, 4]],
    ip("1.1.1.1"),
    v4,
    uint(1, 8),
    uint(66, 4),
  );
  expect(subject.column("src_addr")).toEqual(["10.0.0.1"]);
  expect(subject.column("bytes")).toEqual([66]);
});

test("a v9 type with the top bit set is a type, not an enterprise element", () => {
  const subject = decodeV9([[0x8001, 4], ...V4, [1, 4]], uint(1, 4), v4, uint(44, 4));
  expect(subject.column("bytes")).toEqual([44]);
});

test("padding behind the last record is no record", () => {
  const subject = decodeIpfix([...V4, [1, 4]], v4, uint(1, 4), [0, 0, 0]);
  expect(subject.rows).toBe(1);
  expect(subject.booked("decode", "dropped")).toBe(0);
});

const BIFLOW: FieldSpec[] = [
  ...V6,
  [7, 2],
  [11, 2],
  [4, 1],
  [1, 4],
  [2, 4],
  [1, 4, 29_305],
  [2, 4, 29_305],
  [6, 1],
  [6, 1, 29_305],
  [10, 4],
  [14, 4],
  [16, 4],
  [17, 4],
  [29, 1],
  [30, 1],
  [152, 8],
  [152, 8, 29_305],
];
const biflow = (reverseBytes: number, reversePackets: number) => [
  ...v6,
  ...uint(40_000, 2),
  ...uint(443, 2),
  6,
  ...uint(100, 4),
  ...uint(2, 4),
  ...uint(reverseBytes, 4),
  ...uint(reversePackets, 4),
  0x02,
  0x12,
  ...uint(1, 4),
  ...uint(2, 4),
  ...uint(65_001, 4),
  ...uint(65_002, 4),
  56,
  32,
  ...uint(START_MS, 8),
  ...uint(START_MS + 40, 8),
];

test("the reverse direction of a biflow is a second row with the ends changed", () => {
  const subject = decodeIpfix(BIFLOW, biflow(5_000, 7));
  expect(subject.column("src_addr")).toEqual(["2001:db8::1", "2001:db8::2"]);
  expect(subject.column("dst_addr")).toEqual(["2001:db8::2", "2001:db8::1"]);
  expect(subject.column("src_port")).toEqual([40_000, 443]);
  expect(subject.column("dst_port")).toEqual([443, 40_000]);
  expect(subject.column("bytes")).toEqual([100, 5_000]);
  expect(subject.column("packets")).toEqual([2, 7]);
  expect(subject.column("tcp_flags")).toEqual([0x02, 0x12]);
  expect(subject.column("in_if")).toEqual([1, 2]);
  expect(subject.column("out_if")).toEqual([2, 1]);
  expect(subject.column("src_as")).toEqual([65_001, 65_002]);
  expect(subject.column("src_mask")).toEqual([56, 32]);
  expect(subject.column("ip_version")).toEqual([6, 6]);
  expect(subject.column("start_at")).toEqual([START_MS, START_MS + 40]);
  expect(subject.column("exporter")).toEqual(["192.0.2.1", "192.0.2.1"]);
  expect(subject.column("received_at")).toEqual([NOW_MS, NOW_MS]);
  expect(subject.decoder.totals).toMatchObject({ flowRecords: 1, reverseRecords: 1 });
});

test("a reverse direction without packets makes no row", () => {
  expect(decodeIpfix(BIFLOW, biflow(0, 0), biflow(10, 1), biflow(0, 0)).rows).toBe(4);
});

test("a set larger than the room in the batch goes on in the next, biflows whole", () => {
  const subject = new Subject({}, 5);
  const records = Array.from({ length: 20 }, (_, i) => biflow(i + 1, 1));
  subject.give(ipfix([set(2, template(256, BIFLOW)), set(256, ...records)]));
  expect(subject.rows).toBe(40);
  expect(subject.filled.every(({ rows }) => rows === 4)).toBe(true);
});

test("every row says when it came, from whom, and in which domain and version", () => {
  const message = v9([set(0, template(256, V4)), set(256, v4)], { domain: 0xfedc_ba98 });
  const subject = new Subject().give(message, { exporter: "2001:db8:ffff::9", atMs: NOW_MS + 5 });
  expect(subject.column("received_at")).toEqual([NOW_MS + 5]);
  expect(subject.column("exporter")).toEqual(["2001:db8:ffff::9"]);
  expect(subject.column("observation_domain")).toEqual([0xfedc_ba98]);
  expect(subject.column("version")).toEqual([9]);
});
