import type { SkipReason } from "./datagram.ts";
import { u16 } from "./octets.ts";

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
/** IEEE 802.1Q, 802.1ad and the number QinQ used before it. */
const VLAN_TAGS = new Set([0x8100, 0x88a8, 0x9100]);

/** LINKTYPE_ numbers that are read, as registered at tcpdump.org. */
const LINK_TYPES = {
  null: 0,
  ethernet: 1,
  /** Number of raw IP in files of some systems (DLT_RAW as it was). */
  rawDlt12: 12,
  rawDlt14: 14,
  raw: 101,
  loop: 108,
  linuxCooked: 113,
  ipv4: 228,
  ipv6: 229,
  linuxCooked2: 276,
} as const;

/** The IP packet inside a captured frame, or why there is none. */
export function networkPacket(linkType: number, frame: Uint8Array): Uint8Array | SkipReason {
  switch (linkType) {
    case LINK_TYPES.ethernet:
      return afterEtherType(frame, 12);
    case LINK_TYPES.linuxCooked:
      return afterEtherType(frame, 14);
    case LINK_TYPES.linuxCooked2:
      // The protocol stands first, the packet after all 20 bytes of the header.
      return frame.length < 20 ? "frame_short" : afterTags(frame, u16(frame, 0), 20);
    case LINK_TYPES.null:
    case LINK_TYPES.loop:
      // An address family in the byte order of whoever captured; the packet itself says its version.
      return ipOnly(frame, 4);
    case LINK_TYPES.raw:
    case LINK_TYPES.rawDlt12:
    case LINK_TYPES.rawDlt14:
    case LINK_TYPES.ipv4:
    case LINK_TYPES.ipv6:
      return ipOnly(frame, 0);
    default:
      return "link_type_unknown";
  }
}

function afterEtherType(frame: Uint8Array, at: number): Uint8Array | SkipReason {
  return frame.length < at + 2 ? "frame_short" : afterTags(frame, u16(frame, at), at + 2);
}

function afterTags(frame: Uint8Array, firstType: number, start: number): Uint8Array | SkipReason {
  let type = firstType;
  let at = start;
  while (VLAN_TAGS.has(type)) {
    if (at + 4 > frame.length) return "frame_short";
    type = u16(frame, at + 2);
    at += 4;
  }
  return type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6 ? ipOnly(frame, at) : "not_ip";
}

function ipOnly(frame: Uint8Array, at: number): Uint8Array | SkipReason {
  if (at >= frame.length) return "frame_short";
  const version = (frame[at] as number) >> 4;
  return version === 4 || version === 6 ? frame.subarray(at) : "not_ip";
}
