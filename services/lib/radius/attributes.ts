/** How a value stands in a packet (RFC 8044 has the names). */
export type AttributeType =
  | "text"
  | "string"
  | "integer"
  | "time"
  | "ipv4addr"
  | "ipv6addr"
  | "ipv6prefix"
  | "ifid"
  | "vsa";

interface Attribute {
  readonly code: number;
  readonly type: AttributeType;
  readonly rfc: number;
}

/** The attributes that are read and written here, by the names the standards give them. */
export const ATTRIBUTES = {
  "User-Name": { code: 1, type: "text", rfc: 2865 },
  "NAS-IP-Address": { code: 4, type: "ipv4addr", rfc: 2865 },
  "NAS-Port": { code: 5, type: "integer", rfc: 2865 },
  "Framed-IP-Address": { code: 8, type: "ipv4addr", rfc: 2865 },
  Class: { code: 25, type: "string", rfc: 2865 },
  "Vendor-Specific": { code: 26, type: "vsa", rfc: 2865 },
  "Calling-Station-Id": { code: 31, type: "text", rfc: 2865 },
  "NAS-Identifier": { code: 32, type: "text", rfc: 2865 },
  "Proxy-State": { code: 33, type: "string", rfc: 2865 },
  "Acct-Status-Type": { code: 40, type: "integer", rfc: 2866 },
  "Acct-Delay-Time": { code: 41, type: "integer", rfc: 2866 },
  "Acct-Input-Octets": { code: 42, type: "integer", rfc: 2866 },
  "Acct-Output-Octets": { code: 43, type: "integer", rfc: 2866 },
  "Acct-Session-Id": { code: 44, type: "text", rfc: 2866 },
  "Acct-Session-Time": { code: 46, type: "integer", rfc: 2866 },
  "Acct-Terminate-Cause": { code: 49, type: "integer", rfc: 2866 },
  "Acct-Input-Gigawords": { code: 52, type: "integer", rfc: 2869 },
  "Acct-Output-Gigawords": { code: 53, type: "integer", rfc: 2869 },
  "Event-Timestamp": { code: 55, type: "time", rfc: 2869 },
  "NAS-Port-Type": { code: 61, type: "integer", rfc: 2865 },
  "Message-Authenticator": { code: 80, type: "string", rfc: 3579 },
  "Chargeable-User-Identity": { code: 89, type: "string", rfc: 4372 },
  "NAS-IPv6-Address": { code: 95, type: "ipv6addr", rfc: 3162 },
  "Framed-Interface-Id": { code: 96, type: "ifid", rfc: 3162 },
  "Framed-IPv6-Prefix": { code: 97, type: "ipv6prefix", rfc: 3162 },
  "Delegated-IPv6-Prefix": { code: 123, type: "ipv6prefix", rfc: 4818 },
  "Framed-IPv6-Address": { code: 168, type: "ipv6addr", rfc: 6911 },
} as const satisfies Record<string, Attribute>;

export type AttributeName = keyof typeof ATTRIBUTES;

/** Names of the attributes whose values are of a type. */
export type NamesOfType<T extends AttributeType> = {
  [K in AttributeName]: (typeof ATTRIBUTES)[K]["type"] extends T ? K : never;
}[AttributeName];

/** First code of the extended space (RFC 6929); the last one is 246. */
export const EXTENDED_FIRST = 241;
export const EXTENDED_LAST = 246;

/** Octets a value of each type has, least and most; texts are never empty (RFC 2865 section 5). */
export const VALUE_LENGTHS: Record<AttributeType, readonly [least: number, most: number]> = {
  text: [1, 253],
  string: [1, 253],
  integer: [4, 4],
  time: [4, 4],
  ipv4addr: [4, 4],
  ipv6addr: [16, 16],
  ipv6prefix: [2, 18],
  ifid: [8, 8],
  // The vendor's number and at least one octet.
  vsa: [5, 253],
};
