import { expect, test } from "vitest";
import { ip, ipfix, Subject, set, template, uint } from "./messages.test-data.ts";

const MACS = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
const tcp = [...uint(51_000, 2), ...uint(443, 2), ...uint(1, 4), ...uint(0, 4), 0x50, 0x12, 0, 0];
const udp = [...uint(5_353, 2), ...uint(53, 2), 0, 20, 0, 0];

function ipv4(protocol: number, payload: number[], { fragment = 0, options = [] as number[] } = {}): number[] {
  return [
    0x45 + options.length / 4,
    0xb8,
    ...uint(20 + payload.length, 2),
    0,
    0,
    ...uint(fragment, 2),
    64,
    protocol,
    0,
    0,
    ...ip("192.0.2.1"),
    ...ip("198.51.100.2"),
    ...options,
    ...payload,
  ];
}

function ipv6(next: number, payload: number[]): number[] {
  return [
    0x6b,
    0x80,
    0,
    0,
    ...uint(payload.length, 2),
    next,
    64,
    ...ip("2001:db8::1"),
    ...ip("2001:db8::2"),
    ...payload,
  ];
}

const ethernet = (type: number, payload: number[]) => [...MACS, ...uint(type, 2), ...payload];
const label = (value: number, bottom: boolean) => uint((value << 12) | (bottom ? 1 << 8 : 0) | 64, 4);

/** A record with nothing but an interface and the section, fixed and variable in length. */
function decode(element: number, section: number[]): Subject[] {
  return [
    new Subject().give(
      ipfix([
        set(
          2,
          template(256, [
            [10, 4],
            [element, section.length],
          ]),
        ),
        set(256, uint(7, 4), section),
      ]),
    ),
    new Subject().give(
      ipfix([
        set(
          2,
          template(256, [
            [10, 4],
            [element, 65_535],
          ]),
        ),
        set(256, uint(7, 4), [section.length], section),
      ]),
    ),
  ];
}

const V4_TCP = {
  ip_version: 4,
  src_addr: "192.0.2.1",
  dst_addr: "198.51.100.2",
  src_port: 51_000,
  dst_port: 443,
  protocol: 6,
  tcp_flags: 0x12,
  tos: 0xb8,
};
const V6_UDP = {
  ip_version: 6,
  src_addr: "2001:db8::1",
  dst_addr: "2001:db8::2",
  src_port: 5_353,
  dst_port: 53,
  protocol: 17,
  tos: 0xb8,
};

test.each([
  { says: "an IPv4 header", element: 313, section: ipv4(6, tcp), is: V4_TCP },
  { says: "an IPv4 header with options", element: 313, section: ipv4(6, tcp, { options: [1, 1, 1, 1] }), is: V4_TCP },
  {
    says: "a later fragment has no ports",
    element: 313,
    section: ipv4(6, tcp, { fragment: 100 }),
    is: { ...V4_TCP, src_port: 0, dst_port: 0, tcp_flags: 0 },
  },
  { says: "an IPv6 header", element: 313, section: ipv6(17, udp), is: V6_UDP },
  {
    says: "extension headers are walked",
    element: 313,
    section: ipv6(0, [60, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, ...udp]),
    is: V6_UDP,
  },
  {
    says: "a routing header stays visible",
    element: 313,
    section: ipv6(43, [41, 2, 4, 0, 0, 0, 0, 0]),
    is: { ...V6_UDP, protocol: 43, src_port: 0, dst_port: 0 },
  },
  {
    says: "an ICMPv6 type",
    element: 313,
    section: ipv6(58, [128, 0, 0, 0]),
    is: { ip_version: 6, protocol: 58, icmp_type_code: 0x8000 },
  },
  { says: "an Ethernet frame", element: 315, section: ethernet(0x0800, ipv4(6, tcp)), is: V4_TCP },
  { says: "the layer 2 section of v9", element: 104, section: ethernet(0x86dd, ipv6(17, udp)), is: V6_UDP },
  {
    says: "two VLAN tags",
    element: 315,
    section: ethernet(0x88a8, [0, 5, 0x81, 0, 0, 9, 0x86, 0xdd, ...ipv6(17, udp)]),
    is: V6_UDP,
  },
  {
    says: "MPLS",
    element: 315,
    section: ethernet(0x8847, [...label(100, false), ...label(200, true), ...ipv6(17, udp)]),
    is: V6_UDP,
  },
  {
    says: "a pseudowire",
    element: 315,
    section: ethernet(0x8847, [...label(100, true), 0, 0, 0, 0, ...ethernet(0x0800, ipv4(6, tcp))]),
    is: V4_TCP,
  },
  {
    says: "a PPPoE session",
    element: 315,
    section: ethernet(0x8864, [0x11, 0, 0, 1, 0, 60, 0, 0x57, ...ipv6(17, udp)]),
    is: V6_UDP,
  },
  {
    says: "ARP has no IP",
    element: 315,
    section: ethernet(0x0806, new Array<number>(28).fill(0)),
    is: { ip_version: 0, src_addr: "::" },
  },
  {
    says: "a section cut in the IP header has no IP",
    element: 315,
    section: ethernet(0x86dd, ipv6(17, udp).slice(0, 39)),
    is: { ip_version: 0, src_addr: "::" },
  },
  {
    says: "a section cut behind the IP header has no ports",
    element: 313,
    section: ipv6(17, []),
    is: { ...V6_UDP, src_port: 0, dst_port: 0 },
  },
])("$says", ({ element, section, is }) => {
  for (const subject of decode(element, section)) {
    const row = Object.fromEntries(
      Object.keys(is).map((name) => [name, subject.column(name as keyof Subject["batch"]["columns"])[0]]),
    );
    expect(row).toEqual(is);
    expect(subject.column("in_if")).toEqual([7]);
    // A sampled packet's length is no octet count: bytes and packets stay as exported.
    expect(subject.column("bytes")).toEqual([0]);
  }
});

test.each(Array.from({ length: 12 }, (_, i) => i * 9))(
  "a section of %i bytes is never read beyond its end",
  (length) => {
    const section = ethernet(0x8847, [
      ...label(1, true),
      0,
      0,
      0,
      0,
      ...ethernet(0x8100, [0, 1, 0x86, 0xdd, ...ipv6(0, [6, 0, 0, 0, 0, 0, 0, 0, ...tcp])]),
    ]);
    const cut = section.slice(0, length);
    // What lies behind the section would be ports of all ones.
    const behind = new Array<number>(40).fill(0xff);
    const fields = [
      [315, 65_535],
      [210, 40],
    ] as const;
    const subject = new Subject().give(ipfix([set(2, template(256, fields)), set(256, [cut.length], cut, behind)]));
    expect(subject.rows).toBe(1);
    expect([0, 51_000]).toContain(subject.column("src_port")[0]);
    expect([0, 443]).toContain(subject.column("dst_port")[0]);
  },
);

test("a record's own addresses go before those of its section", () => {
  const section = ipv6(17, udp);
  const subject = new Subject().give(
    ipfix([
      set(
        2,
        template(256, [
          [8, 4],
          [12, 4],
          [313, section.length],
        ]),
      ),
      set(256, ip("10.0.0.1"), ip("10.0.0.2"), section),
    ]),
  );
  expect(subject.column("ip_version")).toEqual([4]);
  expect(subject.column("src_addr")).toEqual(["10.0.0.1"]);
});
