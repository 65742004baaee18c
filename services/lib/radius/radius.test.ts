import { createHash, createHmac } from "node:crypto";
import { Random } from "@v6meter/random";
import { expect, test } from "vitest";
import {
  ATTRIBUTES,
  type AttributeName,
  accountingResponse,
  decodePacket,
  eachVendorAttribute,
  encodeAccountingRequest,
  Packet,
  type PortRange,
  readIpPortRange,
  readU32,
  verifyAccountingRequest,
  verifyAccountingResponse,
} from "./index.ts";
import { radclientRequest, RADCLIENT_SECRET as SECRET } from "./radclient.test-data.ts";

function packetOf(bytes: Uint8Array): Packet {
  const packet = decodePacket(bytes);
  if (typeof packet === "string") throw new Error(packet);
  return packet;
}

/** A request around attributes given as octets; its authenticator is right, made by none of the code that is tested. */
function requestOf(attributes: readonly number[], identifier = 1): Buffer {
  const packet = Buffer.concat([Buffer.alloc(20), Buffer.from(attributes)]);
  packet[0] = 4;
  packet[1] = identifier;
  packet.writeUInt16BE(packet.length, 2);
  packet.set(createHash("md5").update(packet).update(SECRET).digest(), 4);
  return packet;
}

const text = (packet: Packet, name: AttributeName) => Buffer.from(packet.value(name) ?? []).toString("latin1");
const hex = (bytes: Uint8Array | null) => Buffer.from(bytes ?? []).toString("hex");
const v6 = (words: string) => words.padEnd(32, "0");

test("what radclient was told is what is read of its packet", () => {
  const packet = packetOf(radclientRequest());
  expect(packet.code).toBe(4);
  expect(packet.identifier).toBe(radclientRequest()[1]);
  expect(text(packet, "User-Name")).toBe("13800138000@ln");
  expect(text(packet, "Calling-Station-Id")).toBe("00-1A-2B-3C-4D-5E");
  expect(text(packet, "NAS-Identifier")).toBe("BRAS-SY-01");
  expect(text(packet, "Acct-Session-Id")).toBe("00000A7F");
  expect(hex(packet.value("Class"))).toBe("feed");
  expect(hex(packet.value("Chargeable-User-Identity"))).toBe("0102");
  expect(hex(packet.value("Framed-Interface-Id"))).toBe("0000000000000007");
  const integers = {
    "Acct-Status-Type": 3,
    "Acct-Delay-Time": 5,
    "Acct-Session-Time": 86_400,
    "Acct-Input-Octets": 4_294_967_295,
    "Acct-Output-Octets": 17,
    "Acct-Input-Gigawords": 3,
    "Acct-Output-Gigawords": 12,
    "NAS-Port-Type": 15,
    "Event-Timestamp": Date.parse("2026-11-24T12:00:00Z") / 1_000,
    "Acct-Terminate-Cause": null,
  } as const;
  for (const [name, value] of Object.entries(integers))
    expect(packet.integer(name as keyof typeof integers), name).toBe(value);
});

test("addresses and prefixes are 16 octets", () => {
  const packet = packetOf(radclientRequest());
  const out = new Uint8Array(16).fill(0xee);
  expect(packet.copyIpv4("Framed-IP-Address", out, 0)).toBe(true);
  expect(hex(out)).toBe("00000000000000000000ffff64400307");
  expect(packet.copyIpv6("NAS-IPv6-Address", out, 0)).toBe(true);
  expect(hex(out)).toBe("20010db8000000000000000000000001");
  expect(packet.copyIpv6("Framed-IPv6-Address", out, 0)).toBe(true);
  expect(hex(out)).toBe("240e030c001234000000000000000007");
  expect(packet.copyPrefix("Framed-IPv6-Prefix", out, 0)).toBe(64);
  expect(hex(out)).toBe(v6("240e030c00123400"));
  expect(packet.copyPrefix("Delegated-IPv6-Prefix", out, 0)).toBe(60);
  expect(hex(out)).toBe(v6("240e030c5600"));
});

test("vendor attributes and the port range of RFC 8045 are found where radclient put them", () => {
  const packet = packetOf(radclientRequest());
  const found: Record<number, number> = {};
  eachVendorAttribute(packet, (vendor, type, at, length) => {
    expect([vendor, length]).toEqual([2011, 4]);
    found[type] = readU32(packet.bytes, at);
  });
  expect(found).toEqual({
    144: 4_000_000_000,
    145: 9,
    148: 2,
    149: 11,
    161: 0xcb007109,
    162: 2_048,
    163: 4_095,
  });
  const range: PortRange = { first: 0, last: 0, addressAt: 0 };
  expect(readIpPortRange(packet, range)).toBe(true);
  expect(range).toMatchObject({ first: 1_024, last: 2_047 });
  expect(readU32(packet.bytes, range.addressAt)).toBe(0xcb00710a);
});

test("the secret radclient signed with fits, another does not, and neither does one changed bit", () => {
  expect(verifyAccountingRequest(packetOf(radclientRequest()), SECRET)).toBeNull();
  expect(verifyAccountingRequest(packetOf(radclientRequest()), Buffer.from("testing124"))).toBe("authenticator");
  const bytes = radclientRequest();
  for (let i = 4; i < bytes.length; i++) {
    bytes[i] = (bytes[i] as number) ^ 0x10;
    const packet = decodePacket(bytes);
    if (typeof packet !== "string") expect(verifyAccountingRequest(packet, SECRET), `octet ${i}`).toBe("authenticator");
    bytes[i] = (bytes[i] as number) ^ 0x10;
  }
});

test("a Message-Authenticator that does not fit is refused even where the authenticator does", () => {
  const bytes = radclientRequest();
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
  bytes.fill(0, 4, 20);
  bytes.set(createHash("md5").update(bytes).update(SECRET).digest(), 4);
  expect(verifyAccountingRequest(packetOf(bytes), SECRET)).toBe("message_authenticator");
  const short = requestOf([80, 17, ...Array(15).fill(0)]);
  expect(verifyAccountingRequest(packetOf(short), SECRET)).toBe("message_authenticator");
});

test("an answer bears the request's identifier, its Proxy-States in order and no Message-Authenticator", () => {
  const request = packetOf(radclientRequest());
  const bytes = accountingResponse(request, SECRET);
  const proxied = Buffer.from([33, 3, 0x61, 33, 4, 0x62, 0x62]);
  expect(bytes.subarray(0, 4)).toEqual(Buffer.from([5, request.identifier, 0, 20 + proxied.length]));
  expect(bytes.subarray(20)).toEqual(proxied);
  const requestAuthenticator = radclientRequest().subarray(4, 20);
  const signed = Buffer.concat([bytes.subarray(0, 4), requestAuthenticator, bytes.subarray(20)]);
  expect(bytes.subarray(4, 20)).toEqual(createHash("md5").update(signed).update(SECRET).digest());
  expect(verifyAccountingResponse(packetOf(bytes), requestAuthenticator, SECRET)).toBe(true);
  expect(verifyAccountingResponse(packetOf(bytes), requestAuthenticator, Buffer.from("x"))).toBe(false);
});

test("a request without Proxy-State is answered with the header alone", () => {
  const request = requestOf([40, 6, 0, 0, 0, 1], 9);
  const bytes = accountingResponse(packetOf(request), SECRET);
  const unsigned = Buffer.from([5, 9, 0, 20, ...request.subarray(4, 20)]);
  expect(bytes).toEqual(
    Buffer.concat([unsigned.subarray(0, 4), createHash("md5").update(unsigned).update(SECRET).digest()]),
  );
});

test.each([
  { says: "a datagram of 19 octets", bytes: Buffer.alloc(19), is: "packet_short" },
  { says: "a length of 19", bytes: Buffer.from([4, 1, 0, 19, ...Array(16).fill(0)]), is: "packet_length" },
  { says: "a length of 4097", bytes: Buffer.from([4, 1, 16, 1, ...Array(4_093).fill(0)]), is: "packet_length" },
  { says: "a length beyond the datagram", bytes: Buffer.from([4, 1, 0, 21, ...Array(16).fill(0)]), is: "packet_short" },
  { says: "an attribute of length 0", bytes: requestOf([200, 0]), is: "attribute_length" },
  { says: "an attribute of length 1", bytes: requestOf([200, 1, 0]), is: "attribute_length" },
  { says: "an attribute over the end", bytes: requestOf([200, 4, 0]), is: "attribute_length" },
  { says: "an attribute's code alone at the end", bytes: requestOf([40, 6, 0, 0, 0, 1, 44]), is: "attribute_length" },
  { says: "an integer of three octets", bytes: requestOf([40, 5, 0, 0, 1]), is: "value_length" },
  { says: "an empty text", bytes: requestOf([1, 2]), is: "value_length" },
  { says: "an address of IPv6 of 15 octets", bytes: requestOf([168, 17, ...Array(15).fill(1)]), is: "value_length" },
  { says: "a prefix of 129 bits", bytes: requestOf([97, 20, 0, 129, ...Array(16).fill(1)]), is: "prefix_length" },
  { says: "a /64 of seven octets", bytes: requestOf([97, 11, 0, 64, ...Array(7).fill(1)]), is: "prefix_length" },
  { says: "a prefix of 17 octets", bytes: requestOf([97, 21, 0, 64, ...Array(17).fill(1)]), is: "value_length" },
  { says: "a prefix without a length", bytes: requestOf([123, 3, 0]), is: "value_length" },
])("$says is told as what it is", ({ bytes, is }) => {
  expect(decodePacket(bytes)).toBe(is);
});

test.each([
  { says: "a /0 without octets", value: [0, 0], length: 0, prefix: "" },
  { says: "a /48 of six octets", value: [0, 48, 0x24, 0x0e, 1, 2, 3, 4], length: 48, prefix: "240e01020304" },
  {
    says: "a /60 with bits behind it",
    value: [0, 60, 0x24, 0x0e, 1, 2, 3, 4, 5, 0xff],
    length: 60,
    prefix: "240e0102030405f0",
  },
  { says: "a /9 in 16 octets of ones", value: [7, 9, ...Array(16).fill(0xff)], length: 9, prefix: "ff80" },
  { says: "a /128", value: [0, 128, ...Array(16).fill(0xab)], length: 128, prefix: "ab".repeat(16) },
])("$says is read with its bits alone", ({ value, length, prefix }) => {
  const out = new Uint8Array(16).fill(0x55);
  expect(packetOf(requestOf([97, value.length + 2, ...value])).copyPrefix("Framed-IPv6-Prefix", out, 0)).toBe(length);
  expect(hex(out)).toBe(v6(prefix));
});

test("octets behind the packet's length are not of it, and of an attribute that comes twice the first counts", () => {
  const request = requestOf([40, 6, 0, 0, 0, 1, 40, 6, 0, 0, 0, 2]);
  const packet = packetOf(Buffer.concat([request, Buffer.from([1, 0, 9])]));
  expect(packet.bytes).toEqual(request);
  expect(packet.integer("Acct-Status-Type")).toBe(1);
  expect(verifyAccountingRequest(packet, SECRET)).toBeNull();
});

test("a view that is read again shows nothing of the packet before", () => {
  const packet = new Packet();
  expect(packet.read(radclientRequest())).toBeNull();
  expect(packet.read(requestOf([40, 6, 0, 0, 0, 7]))).toBeNull();
  const names = (Object.keys(ATTRIBUTES) as AttributeName[]).filter((name) => packet.has(name));
  expect(names).toEqual(["Acct-Status-Type"]);
});

test("a vendor's attribute that is not a row of type, length and value ends where it stops being one", () => {
  const packet = packetOf(requestOf([26, 15, 0, 0, 7, 219, 1, 6, 0, 0, 0, 9, 2, 9, 0, 26, 7, 0, 0, 0, 9, 255]));
  const seen: number[][] = [];
  eachVendorAttribute(packet, (vendor, type, _at, length) => seen.push([vendor, type, length]));
  expect(seen).toEqual([[2011, 1, 4]]);
});

test("what is encoded is what radclient sends of the same values, attribute for attribute", () => {
  const sent = radclientRequest();
  const at = (words: string) => Buffer.from(v6(words), "hex");
  const encoded = encodeAccountingRequest({
    identifier: sent[1] as number,
    secret: SECRET,
    messageAuthenticator: true,
    attributes: {
      "User-Name": "13800138000@ln",
      "Acct-Status-Type": 3,
      "Acct-Session-Id": "00000A7F",
      "NAS-Identifier": "BRAS-SY-01",
      "NAS-IP-Address": Uint8Array.of(192, 0, 2, 1),
      "Calling-Station-Id": Buffer.from("00-1A-2B-3C-4D-5E"),
      "Framed-IP-Address": Uint8Array.of(100, 64, 3, 7),
      // radclient writes the octets of a /64 and a /60 in full.
      "Framed-IPv6-Prefix": { address: at("240e030c00123400"), length: 64 },
      "Delegated-IPv6-Prefix": { address: at("240e030c5600000f"), length: 60 },
      "Framed-IPv6-Address": Buffer.from("240e030c001234000000000000000007", "hex"),
      "Framed-Interface-Id": Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 7),
      "Acct-Input-Octets": 4_294_967_295,
      "Acct-Output-Octets": 17,
      "Acct-Input-Gigawords": 3,
      "Acct-Output-Gigawords": 12,
      "Event-Timestamp": Date.parse("2026-11-24T12:00:00Z") / 1_000,
    },
    vendorAttributes: [
      { vendor: 2011, type: 144, value: 4_000_000_000 },
      { vendor: 2011, type: 161, value: Uint8Array.of(203, 0, 113, 9) },
    ],
  });
  // Its own order and octets of prefixes differ: each attribute is compared, not their order.
  const attributes = (bytes: Uint8Array) => {
    const found = new Set<string>();
    for (let i = 20; i < bytes.length; i += bytes[i + 1] as number)
      found.add(hex(bytes.subarray(i, i + (bytes[i + 1] as number))));
    return found;
  };
  const theirs = attributes(sent);
  const prefixes = /^(61|7b)/;
  for (const attribute of attributes(encoded))
    if (!prefixes.test(attribute) && !attribute.startsWith("5012")) expect(theirs).toContain(attribute);
  expect(attributes(encoded)).toContain("610c0040240e030c00123400");
  expect(attributes(encoded)).toContain("7b0c003c240e030c56000000");
  const unsigned = Buffer.from(encoded)
    .fill(0, 4, 20)
    .fill(0, encoded.length - 16);
  const mac = createHmac("md5", SECRET).update(unsigned).digest();
  expect(encoded.subarray(-16)).toEqual(mac);
  unsigned.set(mac, unsigned.length - 16);
  expect(encoded.subarray(4, 20)).toEqual(createHash("md5").update(unsigned).update(SECRET).digest());
});

test("a value or packet that is too long is refused by the encoder", () => {
  const encode = (attributes: object, vendors = 0) =>
    encodeAccountingRequest({
      identifier: 1,
      secret: SECRET,
      attributes,
      vendorAttributes: Array.from({ length: vendors }, () => ({ vendor: 1, type: 1, value: new Uint8Array(200) })),
    });
  expect(() => encode({ "User-Name": "x".repeat(254) })).toThrow(/^User-Name: 254 octets; allowed are 1 to 253$/);
  expect(() => encode({ "User-Name": "户".repeat(90) })).toThrow(/^User-Name: 270 octets/);
  expect(() => encode({ "User-Name": "" })).toThrow(/^User-Name: 0 octets/);
  expect(() => encode({ "Framed-IP-Address": new Uint8Array(16) })).toThrow(/allowed are 4 to 4$/);
  expect(() => encode({}, 20)).toThrow(/^the packet: /);
  expect(encode({ "User-Name": "x".repeat(253) }, 10).length).toBe(20 + 255 + 10 * 208);
});

test("no mutation of a packet throws or is read beyond its end", () => {
  const random = new Random(5);
  const packet = new Packet();
  const out = new Uint8Array(16);
  const range: PortRange = { first: 0, last: 0, addressAt: 0 };
  let read = 0;
  for (let i = 0; i < 20_000; i++) {
    const bytes = radclientRequest();
    for (let n = random.below(6); n >= 0; n--) bytes[random.below(bytes.length)] = random.below(256);
    const cut = random.next() < 0.3 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
    if (packet.read(cut) !== null) continue;
    read++;
    for (const name of Object.keys(ATTRIBUTES) as AttributeName[]) {
      const value = packet.value(name);
      if (value) expect(value.byteOffset + value.length).toBeLessThanOrEqual(cut.byteOffset + packet.bytes.length);
    }
    packet.copyPrefix("Framed-IPv6-Prefix", out, 0);
    eachVendorAttribute(packet, (_vendor, _type, at, length) => {
      if (at + length > packet.bytes.length) throw new Error("beyond the packet");
    });
    readIpPortRange(packet, range);
    expect(range.last).toBeLessThanOrEqual(65_535);
    accountingResponse(packet, SECRET);
    verifyAccountingRequest(packet, SECRET);
  }
  expect(read).toBeGreaterThan(2_000);
});
