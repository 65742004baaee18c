import { ATTRIBUTES, type AttributeType, type NamesOfType, VALUE_LENGTHS } from "./attributes.ts";

/** RFC 2865 section 3: code, identifier, length and authenticator. */
export const HEADER_BYTES = 20;
export const PACKET_MAX_BYTES = 4_096;
export const AUTHENTICATOR_AT = 4;
export const AUTHENTICATOR_BYTES = 16;

/** Codes of RFC 2866 section 4. */
export const ACCOUNTING_REQUEST = 4;
export const ACCOUNTING_RESPONSE = 5;
/** RFC 5997: asks whether a server is alive. */
export const STATUS_SERVER = 12;

/** What is wrong with bytes that are not a packet. */
export type Malformation =
  /** Fewer octets than a header, or than the header's length tells. */
  | "packet_short"
  /** The header's length is below 20 or above 4096. */
  | "packet_length"
  /** An attribute's length is below 2 or runs over the packet. */
  | "attribute_length"
  /** A value is shorter or longer than its type. */
  | "value_length"
  /** A prefix is longer than 128 bits or has fewer octets than its bits need. */
  | "prefix_length";

const PREFIX_TYPES: readonly AttributeType[] = ["ipv6prefix"];
const LEAST = new Uint8Array(256);
const MOST = new Uint8Array(256).fill(253);
const IS_PREFIX = new Uint8Array(256);
for (const { code, type } of Object.values(ATTRIBUTES)) {
  [LEAST[code], MOST[code]] = VALUE_LENGTHS[type] as [number, number];
  if (PREFIX_TYPES.includes(type)) IS_PREFIX[code] = 1;
}

/**
 * RFC 3162 section 2.3: a reserved octet, the length in bits and up to 16 octets of the prefix. Null or
 * what is wrong with the value of `length` octets at `at`.
 */
function checkPrefix(bytes: Uint8Array, at: number, length: number): Malformation | null {
  const bits = bytes[at + 1] as number;
  return bits > 128 || length - 2 < Math.ceil(bits / 8) ? "prefix_length" : null;
}

/**
 * A view over the attributes of one packet. It is filled again by each `read` and copies nothing, so the
 * bytes must stay as they are while it is used. Where an attribute stands several times, the first counts.
 */
export class Packet {
  #bytes: Uint8Array = new Uint8Array(0);
  #length = 0;
  /** Offset of the first value of each code; 0 where the packet has none. */
  readonly #offsets = new Uint16Array(256);

  /** The packet's octets without what may stand behind it in the datagram (RFC 2865 section 3). */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  get code(): number {
    return this.#bytes[0] as number;
  }

  get identifier(): number {
    return this.#bytes[1] as number;
  }

  /** Takes a datagram in; answers what is wrong with it, or null. */
  read(bytes: Uint8Array): Malformation | null {
    this.#bytes = bytes;
    this.#length = 0;
    this.#offsets.fill(0);
    if (bytes.length < HEADER_BYTES) return "packet_short";
    const length = ((bytes[2] as number) << 8) | (bytes[3] as number);
    if (length < HEADER_BYTES || length > PACKET_MAX_BYTES) return "packet_length";
    if (length > bytes.length) return "packet_short";
    for (let at = HEADER_BYTES; at < length; ) {
      const end = at + (bytes[at + 1] as number);
      if (at + 2 > length || end > length || end < at + 2) return "attribute_length";
      const code = bytes[at] as number;
      const value = end - at - 2;
      if (value < (LEAST[code] as number) || value > (MOST[code] as number)) return "value_length";
      if (IS_PREFIX[code] === 1) {
        const wrong = checkPrefix(bytes, at + 2, value);
        if (wrong !== null) return wrong;
      }
      if (this.#offsets[code] === 0) this.#offsets[code] = at + 2;
      at = end;
    }
    this.#length = length;
    return null;
  }

  /** Offset of the attribute's first value in `bytes`; 0 where there is none. */
  offset(code: number): number {
    return this.#offsets[code] as number;
  }

  /** Octets of the value at an offset. */
  lengthAt(offset: number): number {
    return (this.#bytes[offset - 1] as number) - 2;
  }

  has(name: keyof typeof ATTRIBUTES): boolean {
    return this.offset(ATTRIBUTES[name].code) !== 0;
  }

  /** An integer, a time in seconds or the 32 bits of an IPv4 address; null where there is none. */
  integer(name: NamesOfType<"integer" | "time" | "ipv4addr">): number | null {
    const at = this.offset(ATTRIBUTES[name].code);
    return at === 0 ? null : readU32(this.#bytes, at);
  }

  /** The octets of a text, string or address, not copied; null where there is none. */
  value(name: keyof typeof ATTRIBUTES): Uint8Array | null {
    const at = this.offset(ATTRIBUTES[name].code);
    return at === 0 ? null : this.#bytes.subarray(at, at + this.lengthAt(at));
  }

  /** Writes an IPv4 address as ::ffff:a.b.c.d to the 16 octets at `to`; false where there is none. */
  copyIpv4(name: NamesOfType<"ipv4addr">, out: Uint8Array, to: number): boolean {
    const at = this.offset(ATTRIBUTES[name].code);
    if (at === 0) return false;
    copyMapped(this.#bytes, at, out, to);
    return true;
  }

  /** Writes an IPv6 address to the 16 octets at `to`; false where there is none. */
  copyIpv6(name: NamesOfType<"ipv6addr">, out: Uint8Array, to: number): boolean {
    const at = this.offset(ATTRIBUTES[name].code);
    if (at === 0) return false;
    for (let i = 0; i < 16; i++) out[to + i] = this.#bytes[at + i] as number;
    return true;
  }

  /**
   * Writes a prefix to the 16 octets at `to`, bits behind its length as zero, and answers its length; -1
   * where there is none.
   */
  copyPrefix(name: NamesOfType<"ipv6prefix">, out: Uint8Array, to: number): number {
    const at = this.offset(ATTRIBUTES[name].code);
    if (at === 0) return -1;
    const bits = this.#bytes[at + 1] as number;
    for (let i = 0; i < 16; i++) {
      const kept = Math.min(8, Math.max(0, bits - 8 * i));
      out[to + i] = kept === 0 ? 0 : (this.#bytes[at + 2 + i] as number) & (0xff << (8 - kept));
    }
    return bits;
  }

  /** Calls back with the offset of every value of a code, in the packet's order. */
  each(code: number, visit: (offset: number) => void): void {
    if (this.#offsets[code] === 0) return;
    for (let at = HEADER_BYTES; at < this.#length; at += this.#bytes[at + 1] as number)
      if (this.#bytes[at] === code) visit(at + 2);
  }
}

/** Reads a datagram into a view of its own; answers what is wrong with it where it is not a packet. */
export function decodePacket(bytes: Uint8Array): Packet | Malformation {
  const packet = new Packet();
  return packet.read(bytes) ?? packet;
}

/** Four octets as a number, most significant first. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

/** Writes four octets of IPv4 as ::ffff:a.b.c.d. */
export function copyMapped(bytes: Uint8Array, at: number, out: Uint8Array, to: number): void {
  out.fill(0, to, to + 10);
  out[to + 10] = 0xff;
  out[to + 11] = 0xff;
  for (let i = 0; i < 4; i++) out[to + 12 + i] = bytes[at + i] as number;
}
