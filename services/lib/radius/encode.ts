import { ATTRIBUTES, type AttributeName, type AttributeType, VALUE_LENGTHS } from "./attributes.ts";
import { signAccountingRequest } from "./authenticator.ts";
import { ACCOUNTING_REQUEST, AUTHENTICATOR_BYTES, HEADER_BYTES, PACKET_MAX_BYTES } from "./packet.ts";

/** A prefix as it goes into a packet: 16 octets and its length in bits. */
export interface PrefixValue {
  readonly address: Uint8Array;
  readonly length: number;
}

/** Addresses are their octets in network order (4, 16 or, of an interface, 8), times are seconds since 1970. */
interface ValueOf {
  text: string | Uint8Array;
  string: Uint8Array;
  integer: number;
  time: number;
  ipv4addr: Uint8Array;
  ipv6addr: Uint8Array;
  ipv6prefix: PrefixValue;
  ifid: Uint8Array;
}

/** Written by the encoder itself, or in a shape of its own. */
type Excluded = "Vendor-Specific" | "Message-Authenticator";

/** Values of the attributes of a request, each at most once, written in the order they stand in. */
export type AccountingAttributes = {
  readonly [K in Exclude<AttributeName, Excluded>]?: ValueOf[(typeof ATTRIBUTES)[K]["type"] & keyof ValueOf];
};

/** One attribute of a vendor (RFC 2865 section 5.26); a number goes as four octets. */
export interface VendorAttribute {
  readonly vendor: number;
  readonly type: number;
  readonly value: number | Uint8Array;
}

export interface AccountingRequest {
  readonly identifier: number;
  readonly secret: Uint8Array;
  readonly attributes: AccountingAttributes;
  readonly vendorAttributes?: readonly VendorAttribute[];
  /** Adds a Message-Authenticator (80). */
  readonly messageAuthenticator?: boolean;
}

const scratch = Buffer.alloc(PACKET_MAX_BYTES);

function refuse(name: string, found: number, [least, most]: readonly [number, number]): never {
  throw new RangeError(`${name}: ${found} octets; allowed are ${least} to ${most}`);
}

/** Every attribute may take 255 octets, and a Message-Authenticator stands behind all. */
const ROOM_MAX = PACKET_MAX_BYTES - 255 - 2 - AUTHENTICATOR_BYTES;

function checkRoom(at: number): void {
  if (at > ROOM_MAX) refuse("the packet", at, [HEADER_BYTES, ROOM_MAX]);
}

/** Octets written at `at`; the value's length is checked by who calls. */
function writeValue(type: AttributeType, value: unknown, at: number): number {
  switch (type) {
    case "integer":
    case "time":
      return scratch.writeUInt32BE((value as number) >>> 0, at) - at;
    case "ipv6prefix": {
      const { address, length } = value as PrefixValue;
      const octets = Math.ceil(length / 8);
      scratch[at] = 0;
      scratch[at + 1] = length;
      for (let i = 0; i < octets; i++) scratch[at + 2 + i] = address[i] as number;
      // RFC 3162 section 2.3: bits outside of the prefix must be zero.
      if (length % 8 !== 0) scratch[at + 1 + octets] = (address[octets - 1] as number) & (0xff << (8 - (length % 8)));
      return 2 + octets;
    }
    default:
      if ((value as string | Uint8Array).length > VALUE_LENGTHS.string[1]) return (value as Uint8Array).length;
      if (typeof value === "string") return scratch.write(value, at, "utf8");
      scratch.set(value as Uint8Array, at);
      return (value as Uint8Array).length;
  }
}

function writeVendor({ vendor, type, value }: VendorAttribute, at: number): number {
  const octets = typeof value === "number" ? 4 : value.length;
  if (octets > 247) refuse(`vendor ${vendor} attribute ${type}`, octets, [0, 247]);
  scratch[at] = ATTRIBUTES["Vendor-Specific"].code;
  scratch[at + 1] = octets + 8;
  scratch.writeUInt32BE(vendor, at + 2);
  scratch[at + 6] = type;
  scratch[at + 7] = octets + 2;
  if (typeof value === "number") scratch.writeUInt32BE(value >>> 0, at + 8);
  else scratch.set(value, at + 8);
  return at + 8 + octets;
}

/** A signed Accounting-Request (RFC 2866) in memory of its own. Throws a RangeError where a value does not fit its type. */
export function encodeAccountingRequest(request: AccountingRequest): Buffer {
  let at = HEADER_BYTES;
  for (const name in request.attributes) {
    const { code, type } = ATTRIBUTES[name as AttributeName];
    const value = request.attributes[name as keyof AccountingAttributes];
    if (value === undefined) continue;
    checkRoom(at);
    const octets = writeValue(type, value, at + 2);
    const allowed = VALUE_LENGTHS[type];
    if (octets < allowed[0] || octets > allowed[1]) refuse(name, octets, allowed);
    scratch[at] = code;
    scratch[at + 1] = octets + 2;
    at += 2 + octets;
  }
  for (const attribute of request.vendorAttributes ?? []) {
    checkRoom(at);
    at = writeVendor(attribute, at);
  }
  let messageAuthenticatorAt = 0;
  if (request.messageAuthenticator) {
    scratch[at] = ATTRIBUTES["Message-Authenticator"].code;
    scratch[at + 1] = 2 + AUTHENTICATOR_BYTES;
    messageAuthenticatorAt = at + 2;
    at = messageAuthenticatorAt + AUTHENTICATOR_BYTES;
  }
  const packet = Buffer.allocUnsafe(at);
  scratch.copy(packet, 0, 0, at);
  packet[0] = ACCOUNTING_REQUEST;
  packet[1] = request.identifier & 0xff;
  packet.writeUInt16BE(at, 2);
  signAccountingRequest(packet, request.secret, messageAuthenticatorAt);
  return packet;
}
