import { FIELDS } from "@v6meter/schemas";
import type { U8Column, U16Column, U32Column, U64Column } from "./place.ts";

/*
 * Numbers of IANA's registry "IP Flow Information Export (IPFIX) Entities"; NetFlow v9 types below 128
 * are the same. Which column an element fills is said in FIELDS of the schemas; here stand only those
 * whose column takes more than a copy.
 */

/** RFC 5103 §6.1: the enterprise number of elements of the reverse direction. */
export const REVERSE_ENTERPRISE = 29_305;

export const SOURCE_IPV4 = 8;
export const DESTINATION_IPV4 = 12;
export const SOURCE_IPV6 = 27;
export const DESTINATION_IPV6 = 28;
export const IP_VERSION = 60;
export const PROTOCOL = 4;
export const SOURCE_IPV4_MASK = 9;
export const DESTINATION_IPV4_MASK = 13;
export const SOURCE_IPV6_MASK = 29;
export const DESTINATION_IPV6_MASK = 30;
export const NEXT_HOP_IPV4 = 15;
export const NEXT_HOP_IPV6 = 62;
export const ICMP_TYPE_CODE_IPV4 = 32;
export const ICMP_TYPE_CODE_IPV6 = 139;
export const ICMP_TYPE_IPV4 = 176;
export const ICMP_CODE_IPV4 = 177;
export const ICMP_TYPE_IPV6 = 178;
export const ICMP_CODE_IPV6 = 179;
export const MPLS_TOP_LABEL = 70;

/** Octets before and behind the observation point, then the forms that stand in for both. */
export const OCTETS = { delta: 1, post: 23, others: [85, 231, 352] } as const;
export const PACKETS = { delta: 2, post: 24, others: [86, 298] } as const;

/** The forms of a time, see RFC 7011 §6.1.7 to §6.1.10 and the registry; first preferred. */
export const START = { ms: 152, s: 150, us: 154, ns: 156, deltaUs: 158, uptimeMs: 22, observedMs: 323 } as const;
export const END = { ms: 153, s: 151, us: 155, ns: 157, deltaUs: 159, uptimeMs: 21, observedMs: 0 } as const;
export const SYSTEM_INIT_MS = 160;

export const LAYER2_PACKET_SECTION = 104;
export const IP_HEADER_SECTION = 313;
export const DATA_LINK_FRAME_SECTION = 315;

export const SAMPLING_INTERVAL = 34;
export const SAMPLER_ID = 48;
export const SAMPLER_RANDOM_INTERVAL = 50;
export const SELECTOR_ID = 302;
export const SAMPLING_PACKET_INTERVAL = 305;
export const SAMPLING_PACKET_SPACE = 306;
export const SAMPLING_SIZE = 309;
export const SAMPLING_POPULATION = 310;
export const SAMPLING_PROBABILITY = 311;

export const INGRESS_INTERFACE = 10;
export const EGRESS_INTERFACE = 14;
export const INTERFACE_NAME = 82;
export const INTERFACE_DESCRIPTION = 83;
export const OBSERVATION_DOMAIN_NAME = 300;

/** RFC 3954 §6.1: scope field types of v9 are numbers of their own; this one is an interface. */
export const V9_SCOPE_INTERFACE = 2;
export const V9_LAST_SCOPE_TYPE = 5;

/** Columns that are a plain copy of the first of their elements a template has. */
export const COPIED_U8: readonly U8Column[] = [
  "protocol",
  "tos",
  "direction",
  "forwarding_status",
  "firewall_event",
  "nat_event",
];
export const COPIED_U16: readonly U16Column[] = ["src_port", "dst_port", "tcp_flags", "vlan_in", "vlan_out"];
export const COPIED_U32: readonly U32Column[] = ["in_if", "out_if", "src_as", "dst_as"];
export const COPIED_U64: readonly U64Column[] = ["responder_bytes", "responder_packets"];

/** The elements of a column, first preferred. */
export function elementsOf(name: U8Column | U16Column | U32Column | U64Column): readonly number[] {
  const field = FIELDS[name];
  return "ie" in field ? field.ie : [];
}
