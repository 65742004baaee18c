import { ATTRIBUTES } from "./attributes.ts";
import { type Packet, readU32 } from "./packet.ts";

/** RFC 8045 section 3.1.2: IP-Port-Range is attribute 241.6, and its parts are TLVs. */
const EXTENDED_1 = 241;
const IP_PORT_RANGE = 6;
const EXT_IPV4_ADDR = 3;
const RANGE_START = 9;
const RANGE_END = 10;

/**
 * Calls back with every attribute of a vendor: its vendor, type, and the place of its value in the packet's bytes. A
 * Vendor-Specific whose inside is not a row of type, length and value (RFC 2865 section 5.26 only advises it) is
 * left where it stops being one.
 */
export function eachVendorAttribute(
  packet: Packet,
  visit: (vendor: number, type: number, at: number, length: number) => void,
): void {
  const { bytes } = packet;
  packet.each(ATTRIBUTES["Vendor-Specific"].code, (offset) => {
    const end = offset + packet.lengthAt(offset);
    const vendor = readU32(bytes, offset);
    for (let at = offset + 4; at + 2 <= end; ) {
      const length = bytes[at + 1] as number;
      if (length < 2 || at + length > end) return;
      visit(vendor, bytes[at] as number, at + 2, length - 2);
      at += length;
    }
  });
}

/** A subscriber's block of ports of a shared IPv4 address. */
export interface PortRange {
  first: number;
  last: number;
  /** Offset of the shared address' 4 octets in the packet; 0 where it is not told. */
  addressAt: number;
}

/** The first IP-Port-Range (RFC 8045) that tells both ends; false where there is none. `out` is filled. */
export function readIpPortRange(packet: Packet, out: PortRange): boolean {
  if (packet.offset(EXTENDED_1) === 0) return false;
  const { bytes } = packet;
  let found = false;
  packet.each(EXTENDED_1, (offset) => {
    const end = offset + packet.lengthAt(offset);
    if (found || offset >= end || bytes[offset] !== IP_PORT_RANGE) return;
    let first = -1;
    let last = -1;
    let addressAt = 0;
    for (let at = offset + 1; at + 2 <= end; ) {
      const length = bytes[at + 1] as number;
      if (length < 2 || at + length > end) return;
      if (length === 6) {
        if (bytes[at] === RANGE_START) first = readU32(bytes, at + 2);
        else if (bytes[at] === RANGE_END) last = readU32(bytes, at + 2);
        else if (bytes[at] === EXT_IPV4_ADDR) addressAt = at + 2;
      }
      at += length;
    }
    if (first < 0 || last < first || last > 65_535) return;
    found = true;
    out.first = first;
    out.last = last;
    out.addressAt = addressAt;
  });
  return found;
}
