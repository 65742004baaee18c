/**
 * The flow record, said once. Types, batch layout, decoder map, insert columns and the field
 * reference derive from this table; after all migrations `DESCRIBE flows` must equal it.
 */

/**
 * How one column is held in memory and what ClickHouse calls it.
 *
 * - `u8`, `u16`, `u32`: one unsigned integer a row.
 * - `u64`: two u32 a row, low word first, over one buffer.
 * - `time`: as `u64`; milliseconds since 1970-01-01 UTC.
 * - `ip`: 16 bytes a row in network order; IPv4 as ::ffff:a.b.c.d; all zero when absent.
 * - `label`: one u16 a row, an index into the batch's labels of that name; 0 is `unknown`.
 */
export type Kind = "u8" | "u16" | "u32" | "u64" | "time" | "ip" | "label";

/** The stage that fills a column: the collector's decoder or the classifier. */
export type Stage = "decode" | "classify";

/** One column of the flow record. */
export interface Field {
  readonly kind: Kind;
  readonly stage: Stage;
  /** IANA information elements the decoder reads it from, first preferred. */
  readonly ie?: readonly number[];
  readonly unit?: string;
  /** One line, for the field reference and the column's comment. */
  readonly doc: string;
}

/** Every column of a flow record in batch and table order. */
export const FIELDS = {
  received_at: {
    kind: "time",
    stage: "decode",
    unit: "ms",
    doc: "When the datagram reached the collector; partitions and expiry go by it.",
  },
  start_at: {
    kind: "time",
    stage: "decode",
    unit: "ms",
    ie: [152, 150, 154, 156, 158, 22, 323],
    doc: "The flow's own start by the exporter's clock; 1970-01-01 when absent.",
  },
  end_at: {
    kind: "time",
    stage: "decode",
    unit: "ms",
    ie: [153, 151, 155, 157, 159, 21],
    doc: "The flow's own end by the exporter's clock; 1970-01-01 when absent.",
  },
  exporter: { kind: "ip", stage: "decode", doc: "Source address of the datagram that carried the record." },
  observation_domain: {
    kind: "u32",
    stage: "decode",
    ie: [149],
    doc: "Observation domain (IPFIX), source id (v9) or engine type and id (v5) of the header.",
  },
  version: { kind: "u8", stage: "decode", doc: "Version of the export protocol: 1, 5, 7, 9 or 10 (IPFIX)." },
  ip_version: {
    kind: "u8",
    stage: "decode",
    ie: [60],
    doc: "IP version of src_addr and dst_addr as exported: 4, 6, or 0 where the record has no IP.",
  },
  src_addr: {
    kind: "ip",
    stage: "decode",
    ie: [8, 27],
    doc: "Source of the user's packet (innermost where several are exported); IPv4 as ::ffff:a.b.c.d.",
  },
  dst_addr: {
    kind: "ip",
    stage: "decode",
    ie: [12, 28],
    doc: "Destination of the user's packet (innermost where several are exported).",
  },
  src_port: { kind: "u16", stage: "decode", ie: [7, 180, 182], doc: "Transport source port; 0 when absent." },
  dst_port: { kind: "u16", stage: "decode", ie: [11, 181, 183], doc: "Transport destination port; 0 when absent." },
  protocol: { kind: "u8", stage: "decode", ie: [4], doc: "IANA protocol number." },
  tcp_flags: { kind: "u16", stage: "decode", ie: [6], doc: "Union of the TCP flags seen." },
  tos: { kind: "u8", stage: "decode", ie: [5], doc: "Type of service or traffic class byte." },
  icmp_type_code: {
    kind: "u16",
    stage: "decode",
    ie: [32, 139, 176, 177, 178, 179],
    doc: "ICMP type * 256 + code.",
  },
  bytes: {
    kind: "u64",
    stage: "decode",
    unit: "bytes",
    ie: [1, 23, 85, 231, 352],
    doc: "Octets as exported, not scaled by sampling.",
  },
  packets: {
    kind: "u64",
    stage: "decode",
    unit: "packets",
    ie: [2, 24, 86, 298],
    doc: "Packets as exported, not scaled by sampling.",
  },
  responder_bytes: {
    kind: "u64",
    stage: "decode",
    unit: "bytes",
    ie: [232],
    doc: "Octets of the other direction where one record counts both (firewall events); not an RFC 5103 reverse flow.",
  },
  responder_packets: {
    kind: "u64",
    stage: "decode",
    unit: "packets",
    ie: [299],
    doc: "Packets of the other direction where one record counts both (firewall events).",
  },
  sampling_rate: {
    kind: "u32",
    stage: "decode",
    unit: "packets",
    ie: [34, 50, 305, 306, 309, 310],
    doc: "One packet in this many was sampled when the flow was metered; 0 when not known.",
  },
  in_if: { kind: "u32", stage: "decode", ie: [10], doc: "Ingress interface (SNMP ifIndex)." },
  out_if: { kind: "u32", stage: "decode", ie: [14], doc: "Egress interface (SNMP ifIndex)." },
  src_as: { kind: "u32", stage: "decode", ie: [16], doc: "Autonomous system of the source." },
  dst_as: { kind: "u32", stage: "decode", ie: [17], doc: "Autonomous system of the destination." },
  src_mask: { kind: "u8", stage: "decode", ie: [9, 29], doc: "Prefix length of the source route." },
  dst_mask: { kind: "u8", stage: "decode", ie: [13, 30], doc: "Prefix length of the destination route." },
  next_hop: { kind: "ip", stage: "decode", ie: [15, 62], doc: "IP next hop." },
  vlan_in: { kind: "u16", stage: "decode", ie: [58, 243], doc: "VLAN id at ingress." },
  vlan_out: { kind: "u16", stage: "decode", ie: [59, 254], doc: "VLAN id at egress." },
  mpls_label: { kind: "u32", stage: "decode", ie: [70], doc: "Top MPLS label (20 bits); 0 when absent." },
  direction: {
    kind: "u8",
    stage: "decode",
    ie: [61],
    doc: "Where the meter saw the flow: 0 ingress (also where not exported), 1 egress.",
  },
  forwarding_status: { kind: "u8", stage: "decode", ie: [89], doc: "Forwarding status; 0 unknown." },
  firewall_event: { kind: "u8", stage: "decode", ie: [233], doc: "Firewall event; 0 when absent." },
  nat_event: { kind: "u8", stage: "decode", ie: [230], doc: "NAT event; 0 when absent." },
  outer_src_addr: {
    kind: "ip",
    stage: "decode",
    doc: "Source of the tunnel header where outer and inner addresses are both exported.",
  },
  outer_dst_addr: {
    kind: "ip",
    stage: "decode",
    doc: "Destination of the tunnel header where outer and inner addresses are both exported.",
  },
  outer_protocol: {
    kind: "u8",
    stage: "decode",
    doc: "Protocol number of the tunnel header where it is exported; 0 otherwise.",
  },

  family: {
    kind: "u8",
    stage: "classify",
    doc: "IP family of the user's packet: 4 or 6; 0 where the record has no IP.",
  },
  technology: { kind: "label", stage: "classify", doc: "How the packet travels; see TECHNOLOGIES." },
  region: { kind: "label", stage: "classify", doc: "Administrative code of the subscriber side's region, or unknown." },
  operator: { kind: "label", stage: "classify", doc: "Operator of the subscriber side, or unknown." },
  access: { kind: "label", stage: "classify", doc: "Access network of the subscriber side; see ACCESS_TYPES." },
  flow_direction: {
    kind: "label",
    stage: "classify",
    doc: "Relative to the subscriber side: up, down, local or transit.",
  },
  observation_point: {
    kind: "label",
    stage: "classify",
    doc: "Type of the observation point that metered the flow; see OBSERVATION_POINTS.",
  },
  counted: {
    kind: "u8",
    stage: "classify",
    doc: "2: first sighting of the flow anywhere; 1: first at its type of observation point; 0: repeat or excluded interface.",
  },
  subscriber: {
    kind: "u64",
    stage: "classify",
    doc: "Keyed hash of the subscriber: of the identity whose session held the address (subscriber_method session), else of the prefix; 0 when there is none.",
  },
  subscriber_method: {
    kind: "label",
    stage: "classify",
    doc: "How the subscriber was told: session, prefix, or unknown; see SUBSCRIBER_METHODS.",
  },
  subscriber_prefix: {
    kind: "u64",
    stage: "classify",
    doc: "Keyed hash of the subscriber-side prefix; 0 when there is none. It changes when the subscriber is given another.",
  },
  active_family: {
    kind: "u8",
    stage: "classify",
    doc: "Family on which the flow shows its subscriber active: 4 or 6; 0 where it shows none (not sent by the subscriber, ICMP, port 53, an answer to a scan, no subscriber, not counted).",
  },
} as const satisfies Record<string, Field>;

export type FieldName = keyof typeof FIELDS;

/** Names of the columns of one stage, in table order. */
export type FieldsOf<S extends Stage> = {
  [K in FieldName]: (typeof FIELDS)[K]["stage"] extends S ? K : never;
}[FieldName];

export type LabelName = {
  [K in FieldName]: (typeof FIELDS)[K]["kind"] extends "label" ? K : never;
}[FieldName];

export const FIELD_NAMES = Object.keys(FIELDS) as FieldName[];

export const DECODED_FIELDS = FIELD_NAMES.filter((name): name is FieldsOf<"decode"> => FIELDS[name].stage === "decode");

export const LABEL_NAMES = FIELD_NAMES.filter((name): name is LabelName => FIELDS[name].kind === "label");

/** ClickHouse type of a column of each kind; what DESCRIBE prints. */
export const CLICKHOUSE_TYPES: Record<Kind, string> = {
  u8: "UInt8",
  u16: "UInt16",
  u32: "UInt32",
  u64: "UInt64",
  time: "DateTime64(3, 'UTC')",
  ip: "IPv6",
  label: "LowCardinality(String)",
};
