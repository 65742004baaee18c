import { addressText } from "@v6meter/schemas";
import type { CapturedDatagram, SkipReason } from "./datagram.ts";
import { u16 } from "./octets.ts";

const PROTOCOL_UDP = 17;
const UDP_HEADER_BYTES = 8;

const FRAGMENT_HEADER = 44;
const AUTHENTICATION_HEADER = 51;
/** Extension headers of the common form, RFC 8200 §4 and RFC 6564: hop-by-hop, routing, destination, mobility, HIP, shim6. */
const OPTION_HEADERS = new Set([0, 43, 60, 135, 139, 140]);

/** The parts of an IP packet that lead to its payload. */
interface IpPacket {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  /** Where the payload begins in the packet, and where by the IP header it ends. */
  readonly payloadAt: number;
  readonly end: number;
}

/** The UDP datagram of an IPv4 or IPv6 packet, or why there is none. */
export function readUdp(packet: Uint8Array): Omit<CapturedDatagram, "atMs"> | SkipReason {
  const ip = (packet[0] as number) >> 4 === 4 ? readIpv4(packet) : readIpv6(packet);
  if (typeof ip === "string") return ip;
  if (ip.protocol !== PROTOCOL_UDP) return "not_udp";
  const at = ip.payloadAt;
  if (at + UDP_HEADER_BYTES > ip.end) return "ip_malformed";
  if (at + UDP_HEADER_BYTES > packet.length) return "frame_short";
  const length = u16(packet, at + 4);
  // RFC 768: the length counts the header; the IP payload cannot be shorter than it.
  if (length < UDP_HEADER_BYTES || at + length > ip.end) return "ip_malformed";
  if (at + length > packet.length) return "snapped";
  return {
    source: ip.source,
    destination: ip.destination,
    sourcePort: u16(packet, at),
    destinationPort: u16(packet, at + 2),
    payload: packet.subarray(at + UDP_HEADER_BYTES, at + length),
  };
}

/** RFC 791 §3.1. */
function readIpv4(packet: Uint8Array): IpPacket | SkipReason {
  if (packet.length < 20) return "frame_short";
  const headerBytes = ((packet[0] as number) & 0x0f) * 4;
  // Zero where the sender left the length to its network card (segmentation offload).
  const totalBytes = u16(packet, 2) || packet.length;
  if (headerBytes < 20 || totalBytes < headerBytes) return "ip_malformed";
  const MORE_FRAGMENTS_OR_OFFSET = 0x3fff;
  if ((u16(packet, 6) & MORE_FRAGMENTS_OR_OFFSET) !== 0) return "fragment";
  return {
    source: packet.subarray(12, 16).join("."),
    destination: packet.subarray(16, 20).join("."),
    protocol: packet[9] as number,
    payloadAt: headerBytes,
    end: totalBytes,
  };
}

/** RFC 8200 §3, its extension headers walked. */
function readIpv6(packet: Uint8Array): IpPacket | SkipReason {
  if (packet.length < 40) return "frame_short";
  const end = 40 + u16(packet, 4);
  let protocol = packet[6] as number;
  let at = 40;
  while (OPTION_HEADERS.has(protocol) || protocol === FRAGMENT_HEADER || protocol === AUTHENTICATION_HEADER) {
    if (at + 8 > end) return "ip_malformed";
    if (at + 8 > packet.length) return "frame_short";
    // RFC 6946: a fragment header with offset 0 and no more fragments is a whole packet.
    if (protocol === FRAGMENT_HEADER && (u16(packet, at + 2) & 0xfff9) !== 0) return "fragment";
    const words = packet[at + 1] as number;
    const next = packet[at] as number;
    // RFC 4302 §2.2 counts the authentication header in words of 4 bytes, the others in 8.
    if (protocol === FRAGMENT_HEADER) at += 8;
    else at += protocol === AUTHENTICATION_HEADER ? (words + 2) * 4 : (words + 1) * 8;
    protocol = next;
  }
  return { source: addressText(packet, 8), destination: addressText(packet, 24), protocol, payloadAt: at, end };
}
