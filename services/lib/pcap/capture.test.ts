import { Fault } from "@v6meter/schemas";
import { describe, expect, test } from "vitest";
import { readCapture } from "./index.ts";

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ""), "hex"));
const join = (...parts: Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));

const PAYLOAD = bytes("0005 0001 cafe");
const UDP = join(bytes("9c40 0807 000e 0000"), PAYLOAD);
const IPV4 = join(bytes("4500 0022 0000 0000 40 11 0000 c0000201 c6336407"), UDP);
const IPV6_ADDRESSES = "20010db8000000000000000000000001 20010db8000000000000000000000002";
const IPV6 = join(bytes(`60000000 000e 11 40 ${IPV6_ADDRESSES}`), UDP);
const MACS = bytes("020000000001 020000000002");

const V4 = { source: "192.0.2.1", destination: "198.51.100.7", sourcePort: 40_000, destinationPort: 2055 };
const V6 = { source: "2001:db8::1", destination: "2001:db8::2", sourcePort: 40_000, destinationPort: 2055 };

/** A classic pcap file; `order` is that of the machine that wrote it. */
function pcap(linkType: number, frames: Uint8Array[], { little = true, nano = false } = {}): Uint8Array {
  const u32 = (...values: number[]) => {
    const out = new DataView(new ArrayBuffer(values.length * 4));
    for (const [i, value] of values.entries()) out.setUint32(i * 4, value, little);
    return new Uint8Array(out.buffer);
  };
  const version = little ? bytes("0200 0400") : bytes("0002 0004");
  const fraction = nano ? 123_456_789 : 123_456;
  return join(
    u32(nano ? 0xa1b23c4d : 0xa1b2c3d4),
    version,
    u32(0, 0, 65_535, linkType),
    ...frames.flatMap((frame) => [u32(1_700_000_000, fraction, frame.length, frame.length), frame]),
  );
}

/** A pcapng block with its length before and behind, the body padded to 32 bits. */
function block(type: number, body: Uint8Array, little = true): Uint8Array {
  const padded = join(body, new Uint8Array((4 - (body.length % 4)) % 4));
  const out = new DataView(new ArrayBuffer(8));
  out.setUint32(0, type, little);
  out.setUint32(4, padded.length + 12, little);
  const head = new Uint8Array(out.buffer);
  return join(head, padded, head.subarray(4));
}

const SECTION_LITTLE = block(0x0a0d0d0a, bytes("4d3c2b1a 0100 0000 ffffffffffffffff"));
const SECTION_BIG = block(0x0a0d0d0a, bytes("1a2b3c4d 0001 0000 ffffffffffffffff"), false);

const faultOf = (file: Uint8Array): Fault => {
  try {
    readCapture(file);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("the file was read");
};

describe("link types", () => {
  test.each([
    { says: "Ethernet", linkType: 1, frame: join(MACS, bytes("0800"), IPV4), is: V4 },
    {
      says: "Ethernet with padding behind the packet",
      linkType: 1,
      frame: join(MACS, bytes("0800"), IPV4, new Uint8Array(6)),
      is: V4,
    },
    { says: "Ethernet carrying IPv6", linkType: 1, frame: join(MACS, bytes("86dd"), IPV6), is: V6 },
    { says: "a VLAN tag", linkType: 1, frame: join(MACS, bytes("8100 0064 0800"), IPV4), is: V4 },
    { says: "QinQ", linkType: 1, frame: join(MACS, bytes("88a8 0065 8100 0064 86dd"), IPV6), is: V6 },
    {
      says: "Linux cooked v1",
      linkType: 113,
      frame: join(bytes("0000 0001 0006 0200000000010000 0800"), IPV4),
      is: V4,
    },
    {
      says: "Linux cooked v2",
      linkType: 276,
      frame: join(bytes("86dd 0000 00000002 0001 00 06 0200000000010000"), IPV6),
      is: V6,
    },
    { says: "raw IP, 101", linkType: 101, frame: IPV4, is: V4 },
    { says: "raw IP, 12", linkType: 12, frame: IPV6, is: V6 },
    { says: "raw IPv4, 228", linkType: 228, frame: IPV4, is: V4 },
    { says: "raw IPv6, 229", linkType: 229, frame: IPV6, is: V6 },
    { says: "BSD null of a little-endian machine", linkType: 0, frame: join(bytes("02000000"), IPV4), is: V4 },
    { says: "BSD null of a big-endian machine", linkType: 0, frame: join(bytes("0000001c"), IPV6), is: V6 },
    { says: "OpenBSD loopback", linkType: 108, frame: join(bytes("00000002"), IPV4), is: V4 },
  ])("$says is read", ({ linkType, frame, is }) => {
    const { datagrams, skipped } = readCapture(pcap(linkType, [frame]));
    expect(skipped).toEqual({});
    expect(datagrams).toHaveLength(1);
    expect(datagrams[0]).toMatchObject(is);
    expect([...(datagrams[0]?.payload ?? [])]).toEqual([...PAYLOAD]);
  });
});

describe("IPv6 extension headers", () => {
  const behind = (next: string, headers: string) => {
    const extension = bytes(headers);
    const length = (extension.length + UDP.length).toString(16).padStart(4, "0");
    return join(bytes(`60000000 ${length} ${next} 40 ${IPV6_ADDRESSES}`), extension, UDP);
  };
  test.each([
    {
      says: "hop-by-hop and destination options",
      packet: behind("00", "3c00000000000000 1101000000000000 0000000000000000"),
    },
    { says: "routing", packet: behind("2b", "1102000000000000 20010db8000000000000000000000009") },
    { says: "an authentication header", packet: behind("33", "1104000000000001 00000001 000000000000000000000000") },
    { says: "an atomic fragment", packet: behind("2c", "1100000000000001") },
  ])("$says are walked", ({ packet }) => {
    expect(readCapture(pcap(101, [packet])).datagrams[0]).toMatchObject(V6);
  });
  test.each([
    { says: "a first fragment", header: "1100000100000001" },
    { says: "a last fragment", header: "1100000800000001" },
  ])("$says is counted, not decoded", ({ header }) => {
    expect(readCapture(pcap(101, [behind("2c", header)]))).toEqual({ datagrams: [], skipped: { fragment: 1 } });
  });
  test("an extension header that claims more than the packet has ends the walk", () => {
    expect(readCapture(pcap(101, [behind("00", "11ff000000000000")])).skipped).toEqual({ ip_malformed: 1 });
  });
});

describe("frames without a datagram are counted by reason", () => {
  const ether = (packet: Uint8Array) => join(MACS, bytes("0800"), packet);
  const changed = (at: number, hex: string) => {
    const packet = Uint8Array.from(IPV4);
    packet.set(bytes(hex), at);
    return ether(packet);
  };
  test.each([
    { reason: "not_ip", frame: join(MACS, bytes("0806"), new Uint8Array(28)) },
    { reason: "not_udp", frame: changed(9, "06") },
    { reason: "fragment", frame: changed(6, "2000") },
    { reason: "fragment", frame: changed(6, "0001") },
    { reason: "ip_malformed", frame: changed(0, "44") },
    { reason: "ip_malformed", frame: changed(24, "0007") },
    { reason: "ip_malformed", frame: changed(24, "000f") },
    { reason: "snapped", frame: ether(IPV4.subarray(0, 30)) },
    { reason: "frame_short", frame: ether(IPV4.subarray(0, 24)) },
    { reason: "frame_short", frame: ether(IPV4.subarray(0, 19)) },
    { reason: "frame_short", frame: MACS },
    { reason: "frame_short", frame: join(MACS, bytes("8100 00")) },
  ])("$reason", ({ reason, frame }) => {
    expect(readCapture(pcap(1, [frame]))).toEqual({ datagrams: [], skipped: { [reason]: 1 } });
  });
  test("a link type that is not read", () => {
    expect(readCapture(pcap(147, [IPV4, IPV4]))).toEqual({ datagrams: [], skipped: { link_type_unknown: 2 } });
  });
  test("a length left to the network card is taken from the frame", () => {
    expect(readCapture(pcap(1, [changed(2, "0000")])).datagrams).toHaveLength(1);
  });
});

describe("classic pcap", () => {
  test.each([
    { little: true, nano: false, atMs: 1_700_000_000_123.456 },
    { little: false, nano: false, atMs: 1_700_000_000_123.456 },
    { little: true, nano: true, atMs: 1_700_000_000_123.456 },
    { little: false, nano: true, atMs: 1_700_000_000_123.456 },
  ])("little-endian $little, nanoseconds $nano", ({ atMs, ...layout }) => {
    const { datagrams } = readCapture(pcap(101, [IPV4, IPV6], layout));
    expect(datagrams.map(({ source }) => source)).toEqual(["192.0.2.1", "2001:db8::1"]);
    expect(datagrams[0]?.atMs).toBeCloseTo(atMs, 2);
  });
  test("a file that ends inside a record gives what is before it", () => {
    const whole = pcap(101, [IPV4, IPV4]);
    for (let cut = 1; cut < IPV4.length + 16; cut++) {
      const { datagrams, skipped } = readCapture(whole.subarray(0, whole.length - cut));
      expect({ datagrams: datagrams.length, skipped }).toEqual({ datagrams: 1, skipped: { file_cut: 1 } });
    }
  });
  test("a view into a larger buffer is not read past its end", () => {
    const file = pcap(101, [IPV4]);
    const inside = join(new Uint8Array(5), file, file).subarray(5, 5 + file.length);
    expect(readCapture(inside).datagrams).toHaveLength(1);
  });
  test("an empty capture has no datagrams", () => {
    expect(readCapture(pcap(1, []))).toEqual({ datagrams: [], skipped: {} });
  });
});

describe("pcapng", () => {
  const ETHERNET = block(1, bytes("0100 0000 00000000"));
  const packet = (id: string, time: string, frame: Uint8Array) =>
    block(
      6,
      join(bytes(`${id} ${time}`), bytes("30000000 30000000").fill(frame.length, 0, 1).fill(frame.length, 4, 5), frame),
    );
  const FRAME = join(MACS, bytes("0800"), IPV4);

  test("microseconds when an interface does not say", () => {
    // 1,700,000,000,123,456 µs = 0x60a24_18203240
    const file = join(SECTION_LITTLE, ETHERNET, packet("00000000", "240a0600 40322018", FRAME));
    const { datagrams } = readCapture(file);
    expect(datagrams[0]).toMatchObject(V4);
    expect(datagrams[0]?.atMs).toBeCloseTo(0x60a2418203240 / 1_000, 3);
  });
  test("if_tsresol and if_tsoffset are obeyed per interface", () => {
    const nano = block(1, bytes("6500 0000 00000000 0900 0100 09000000 0000 0000"));
    const binary = block(1, bytes("6500 0000 00000000 0900 0100 8a000000 0e00 0800 6400000000000000 0000 0000"));
    const file = join(
      SECTION_LITTLE,
      nano,
      binary,
      packet("01000000", "00000000 00080000", IPV6),
      packet("00000000", "00000000 80c3c901", IPV4),
    );
    expect(readCapture(file).datagrams.map(({ source, atMs }) => ({ source, atMs }))).toEqual([
      { source: "2001:db8::1", atMs: 102_000 },
      { source: "192.0.2.1", atMs: 30 },
    ]);
  });
  test("sections of different byte order, interfaces counted anew in each", () => {
    const raw = block(1, bytes("0065 0000 00000000"), false);
    const big = block(6, join(bytes("00000000 00000000 000003e8 00000022 00000022"), IPV4), false);
    const file = join(SECTION_LITTLE, ETHERNET, packet("00000000", "00000000 d0070000", FRAME), SECTION_BIG, raw, big);
    expect(readCapture(file).datagrams.map(({ atMs }) => atMs)).toEqual([2, 1]);
  });
  test("simple packets take the time of the frame before, cut to the snap length", () => {
    const snapped = block(1, bytes("0100 0000 20000000"));
    const simple = block(3, join(bytes("30000000"), FRAME));
    const file = join(SECTION_LITTLE, ETHERNET, packet("00000000", "00000000 d0070000", FRAME), simple);
    expect(readCapture(file).datagrams.map(({ atMs }) => atMs)).toEqual([2, 2]);
    const cut = join(SECTION_LITTLE, snapped, block(3, join(bytes("30000000"), FRAME.subarray(0, 32))));
    expect(readCapture(cut).skipped).toEqual({ frame_short: 1 });
  });
  test("the obsolete packet block is read, blocks of other types are passed over", () => {
    const obsolete = block(2, join(bytes("0000 ffff 00000000 d0070000 30000000 30000000"), FRAME));
    const file = join(SECTION_LITTLE, block(4, new Uint8Array(8)), ETHERNET, block(5, new Uint8Array(12)), obsolete);
    expect(readCapture(file).datagrams).toHaveLength(1);
  });
  test("a file that ends inside a block gives what is before it", () => {
    const file = join(SECTION_LITTLE, ETHERNET, packet("00000000", "00000000 d0070000", FRAME), SECTION_LITTLE);
    for (let cut = 1; cut < SECTION_LITTLE.length; cut++)
      expect(readCapture(file.subarray(0, file.length - cut)).skipped).toEqual({ file_cut: 1 });
  });
});

describe("a file that is no capture is refused with offset and reason", () => {
  const header = pcap(1, []);
  const section = (hex: string) => block(0x0a0d0d0a, bytes(hex));
  const lengths = Uint8Array.from(SECTION_LITTLE);
  lengths[lengths.length - 4] = 32;
  test.each([
    {
      says: "nothing",
      file: new Uint8Array(),
      message: "Offset 0: the file is empty; a pcap or pcapng file is expected.",
    },
    {
      says: "something else",
      file: bytes("504b0304"),
      message: "Offset 0: the file begins with 504b0304; a pcap or pcapng file is expected.",
    },
    {
      says: "half a header",
      file: header.subarray(0, 20),
      message: "Offset 0: the pcap file header needs 24 bytes, the file has 20.",
    },
    {
      says: "half a section header",
      file: SECTION_LITTLE.subarray(0, 20),
      message: "Offset 0: the section header is cut.",
    },
    {
      says: "a record of 4 GiB",
      file: join(header, bytes("00000000 00000000 ffffffff ffffffff")),
      message: "Offset 24: a record announces 4294967295 bytes; at most 262144 are possible.",
    },
    {
      says: "a section without byte order",
      file: section("00000000 0100 0000 ffffffffffffffff"),
      message: "Offset 0: the section header has no byte order.",
    },
    {
      says: "a section of version 2",
      file: section("4d3c2b1a 0200 0000 ffffffffffffffff"),
      message: "Offset 0: the section is of pcapng version 2, only 1 is known.",
    },
    {
      says: "a block of length 0",
      file: join(SECTION_LITTLE, bytes("01000000 00000000 00000000")),
      message: "Offset 28: a block's length is 0; it must be a multiple of 4 from 12 to 16777216.",
    },
    {
      says: "two lengths",
      file: lengths,
      message: "Offset 0: a block's length is 28 at its beginning and 32 at its end.",
    },
    {
      says: "a packet before its interface",
      file: join(SECTION_LITTLE, block(6, new Uint8Array(20))),
      message: "Offset 28: a packet belongs to interface 0, the section describes 0.",
    },
    {
      says: "a packet longer than its block",
      file: join(
        SECTION_LITTLE,
        block(1, bytes("0100 0000 00000000")),
        block(6, bytes("00000000 00000000 00000000 ff000000 ff000000")),
      ),
      message: "Offset 48: a packet of 255 bytes does not fit its block.",
    },
    {
      says: "an option longer than its block",
      file: join(SECTION_LITTLE, block(1, bytes("0100 0000 00000000 0900 ff00"))),
      message: "Offset 44: option 9 of an interface runs over its block.",
    },
    {
      says: "a block too small for its type",
      file: join(SECTION_LITTLE, block(6, new Uint8Array(8))),
      message: "Offset 28: a packet block has 8 bytes, at least 20 are needed.",
    },
  ])("$says", ({ file, message }) => {
    const fault = faultOf(file);
    expect(fault.code).toBe("CAPTURE_UNREADABLE");
    expect(fault.message).toBe(message);
  });
});

test("no damage makes the reader throw anything but a Fault", () => {
  const classic = pcap(1, [join(MACS, bytes("8100 0064 0800"), IPV4), join(MACS, bytes("86dd"), IPV6)]);
  const next = join(
    SECTION_LITTLE,
    block(1, bytes("0100 0000 00000000 0900 0100 09000000 0000 0000")),
    block(6, join(bytes("00000000 00000000 d0070000 30000000 30000000"), MACS, bytes("0800"), IPV4)),
  );
  for (const file of [classic, next]) {
    for (let at = 0; at < file.length; at++) {
      for (const value of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
        const damaged = Uint8Array.from(file);
        damaged[at] = value;
        for (const bytes of [damaged, damaged.subarray(0, at)]) {
          try {
            readCapture(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(Fault);
          }
        }
      }
    }
  }
});
