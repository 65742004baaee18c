import type { RecordRun } from "./record-run.ts";

/*
 * The head of a sampled packet, exported as it was on the wire: IE 313 begins with the IP header
 * (RFC 5477 §8.5.1), IE 315 and IE 104 with the data-link header (RFC 7133, Cisco NetFlow v9). The IP header found
 * through VLAN tags, MPLS labels, pseudowires and PPPoE is the record's packet; tunnels inside it are
 * not opened.
 */

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const VLAN_TAGS = new Set([0x8100, 0x88a8, 0x9100]);
const MPLS = new Set([0x8847, 0x8848]);
const PPPOE_SESSION = 0x8864;
const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;
const WITH_PORTS = new Set([6, 17, 33, 132, 136]);
/** IPv6 extension headers that say nothing of where the packet goes: hop-by-hop, fragment, destination. */
const WALKED_EXTENSIONS = new Set([0, 44, 60]);
/** Ethernet in MPLS in Ethernet: no deeper. */
const MAX_FRAMES = 4;

/** Fills the run's row `row` from an Ethernet frame's first bytes; true where an IP header was found. */
export function readFrameSection(run: RecordRun, row: number, at: number, end: number): boolean {
  const view = run.source;
  let start = at;
  for (let frame = 0; frame < MAX_FRAMES; frame++) {
    if (start + 14 > end) return false;
    let type = view.getUint16(start + 12);
    let next = start + 14;
    while (VLAN_TAGS.has(type)) {
      if (next + 4 > end) return false;
      type = view.getUint16(next + 2);
      next += 4;
    }
    if (type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6) return readIpSection(run, row, next, end);
    if (type === PPPOE_SESSION) {
      // RFC 2516 §4: six bytes of PPPoE header, then the PPP protocol.
      if (next + 8 > end) return false;
      const protocol = view.getUint16(next + 6);
      return (protocol === PPP_IPV4 || protocol === PPP_IPV6) && readIpSection(run, row, next + 8, end);
    }
    if (!MPLS.has(type)) return false;
    // RFC 3032 §2.1: the bottom of the stack has its S bit set.
    let bottom = false;
    while (!bottom) {
      if (next + 4 > end) return false;
      bottom = (view.getUint8(next + 2) & 1) === 1;
      next += 4;
    }
    if (next >= end) return false;
    const nibble = view.getUint8(next) >> 4;
    if (nibble === 4 || nibble === 6) return readIpSection(run, row, next, end);
    // RFC 4385 §3: a pseudowire's control word begins with a zero nibble.
    if (nibble !== 0) return false;
    start = next + 4;
  }
  return false;
}

/** Fills the run's row `row` from a packet's first bytes, IP header first; true where it is IPv4 or IPv6. */
export function readIpSection(run: RecordRun, row: number, at: number, end: number): boolean {
  const view = run.source;
  if (at >= end) return false;
  const version = view.getUint8(at) >> 4;
  if (version === 4 && at + 20 <= end) readIpv4(run, row, at, end);
  else if (version === 6 && at + 40 <= end) readIpv6(run, row, at, end);
  else return false;
  return true;
}

/** RFC 791 §3.1. */
function readIpv4(run: RecordRun, row: number, at: number, end: number): void {
  const view = run.source;
  const { src_addr, dst_addr } = run.addresses;
  const { columns } = run;
  columns.ip_version[row] = 4;
  src_addr.setUint32(row * 16 + 8, 0xffff);
  src_addr.setUint32(row * 16 + 12, view.getUint32(at + 12));
  dst_addr.setUint32(row * 16 + 8, 0xffff);
  dst_addr.setUint32(row * 16 + 12, view.getUint32(at + 16));
  if (columns.tos[row] === 0) columns.tos[row] = view.getUint8(at + 1);
  const protocol = view.getUint8(at + 9);
  if (columns.protocol[row] === 0) columns.protocol[row] = protocol;
  const headerLength = (view.getUint8(at) & 15) * 4;
  const fragmentOffset = view.getUint16(at + 6) & 0x1fff;
  if (headerLength >= 20 && fragmentOffset === 0) readTransport(run, row, protocol, at + headerLength, end);
}

/** RFC 8200 §3 and §4. */
function readIpv6(run: RecordRun, row: number, at: number, end: number): void {
  const view = run.source;
  const { src_addr, dst_addr } = run.addresses;
  const { columns } = run;
  columns.ip_version[row] = 6;
  for (let word = 0; word < 16; word += 4) {
    src_addr.setUint32(row * 16 + word, view.getUint32(at + 8 + word));
    dst_addr.setUint32(row * 16 + word, view.getUint32(at + 24 + word));
  }
  if (columns.tos[row] === 0) columns.tos[row] = (view.getUint16(at) >> 4) & 0xff;
  let protocol = view.getUint8(at + 6);
  let next = at + 40;
  let firstFragment = true;
  while (WALKED_EXTENSIONS.has(protocol) && next + 8 <= end) {
    const header = protocol;
    protocol = view.getUint8(next);
    if (header === 44) {
      firstFragment = firstFragment && view.getUint16(next + 2) >> 3 === 0;
      next += 8;
    } else next += (view.getUint8(next + 1) + 1) * 8;
  }
  if (columns.protocol[row] === 0) columns.protocol[row] = protocol;
  if (firstFragment) readTransport(run, row, protocol, next, end);
}

function readTransport(run: RecordRun, row: number, protocol: number, at: number, end: number): void {
  const view = run.source;
  const { columns } = run;
  if (WITH_PORTS.has(protocol) && at + 4 <= end) {
    if (columns.src_port[row] === 0) columns.src_port[row] = view.getUint16(at);
    if (columns.dst_port[row] === 0) columns.dst_port[row] = view.getUint16(at + 2);
    if (protocol === 6 && at + 14 <= end && columns.tcp_flags[row] === 0) {
      columns.tcp_flags[row] = view.getUint16(at + 12) & 0x0fff;
    }
  } else if ((protocol === 1 || protocol === 58) && at + 2 <= end && columns.icmp_type_code[row] === 0) {
    columns.icmp_type_code[row] = view.getUint16(at);
  }
}
