import type { Kind } from "../flow/fields.ts";

/**
 * The session event, said once: what accounting (RFC 2866) or a batch file told of one session of one
 * subscriber at one moment. Identities are keyed hashes before an event exists. Types, batch layout,
 * the topic `v6meter.sessions` and the insert columns derive from this table.
 */
export const SESSION_FIELDS = {
  received_at: { kind: "time", unit: "ms", doc: "When the packet or file reached the session collector." },
  event_at: {
    kind: "time",
    unit: "ms",
    doc: "When it happened: Event-Timestamp (55), else arrival less Acct-Delay-Time (41).",
  },
  started_at: {
    kind: "time",
    unit: "ms",
    doc: "Start of the session: event_at less Acct-Session-Time (46); 1970-01-01 where that is not told.",
  },
  status_type: { kind: "u8", doc: "Acct-Status-Type (40); see SESSION_STATUS_TYPES." },
  client: { kind: "ip", doc: "Address of the RADIUS client; :: for a batch file." },
  nas: { kind: "u64", doc: "Keyed hash of the NAS: NAS-Identifier (32), NAS-IPv6-Address (95) or NAS-IP-Address (4)." },
  session: { kind: "u64", doc: "Keyed hash of the NAS and Acct-Session-Id (44); 0 in Accounting-On and -Off." },
  subscriber: {
    kind: "u64",
    doc: "Keyed hash of the identity under the key in force at event_at; 0 where none is told.",
  },
  subscriber_next: {
    kind: "u64",
    doc: "The same under the key that is in force from rotates_at on; 0 where no rotation is near.",
  },
  rotates_at: {
    kind: "time",
    unit: "ms",
    doc: "Start of the month from which subscriber_next holds; 1970-01-01 without.",
  },
  operator: { kind: "label", doc: "Operator of the registry by the RADIUS client or the file, or unknown." },
  region: { kind: "label", doc: "Administrative code by the client or the file, or unknown." },
  access: { kind: "label", doc: "Access network by the client or the file; see ACCESS_TYPES." },
  framed_ip_address: { kind: "ip", doc: "Framed-IP-Address (8), mapped; :: where none." },
  port_first: {
    kind: "u16",
    doc: "First port of the subscriber's block of a shared IPv4 address; 0 with port_last 0: all.",
  },
  port_last: { kind: "u16", doc: "Last port of the block." },
  framed_ipv6_address: { kind: "ip", doc: "Framed-IPv6-Address (168), RFC 6911; :: where none." },
  framed_ipv6_prefix: { kind: "ip", doc: "Framed-IPv6-Prefix (97), RFC 3162; :: where none." },
  framed_ipv6_prefix_length: { kind: "u8", doc: "Its length." },
  delegated_ipv6_prefix: { kind: "ip", doc: "Delegated-IPv6-Prefix (123), RFC 4818; :: where none." },
  delegated_ipv6_prefix_length: { kind: "u8", doc: "Its length." },
  input_octets: { kind: "u64", unit: "bytes", doc: "From the subscriber since the start, with gigawords (42, 52)." },
  output_octets: { kind: "u64", unit: "bytes", doc: "To the subscriber since the start, with gigawords (43, 53)." },
  ipv6_input_octets: { kind: "u64", unit: "bytes", doc: "IPv6 alone, from the subscriber, by a vendor's attributes." },
  ipv6_output_octets: { kind: "u64", unit: "bytes", doc: "IPv6 alone, to the subscriber, by a vendor's attributes." },
  octets_told: { kind: "u8", doc: "Sum of 1: octets are told, 2: those of IPv6 alone are." },
} as const satisfies Record<string, { kind: Kind; unit?: string; doc: string }>;

export type SessionFieldName = keyof typeof SESSION_FIELDS;
export type SessionLabelName = {
  [K in SessionFieldName]: (typeof SESSION_FIELDS)[K]["kind"] extends "label" ? K : never;
}[SessionFieldName];

export const SESSION_FIELD_NAMES = Object.keys(SESSION_FIELDS) as SessionFieldName[];
export const SESSION_LABEL_NAMES = SESSION_FIELD_NAMES.filter(
  (name): name is SessionLabelName => SESSION_FIELDS[name].kind === "label",
);

/** Acct-Status-Type of RFC 2866 section 5.1, as far as sessions begin, go on and end by it. */
export const SESSION_STATUS_TYPES = {
  start: 1,
  stop: 2,
  interim_update: 3,
  accounting_on: 7,
  accounting_off: 8,
} as const;
export type SessionStatusType = keyof typeof SESSION_STATUS_TYPES;
