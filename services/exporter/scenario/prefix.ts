import type { Random } from "@v6meter/random";
import { addressText, Fault, networkOf, parseAddressPrefix } from "@v6meter/schemas";

/** A prefix as 16 bytes (IPv4 mapped) and a length counted from the first of 128 bits. */
export interface Prefix {
  readonly version: 4 | 6;
  readonly bytes: Uint8Array;
  /** 0 to 128; an IPv4 prefix has 96 more than its own length. */
  readonly bits: number;
}

/** Reads a prefix of a scenario; `where` names it in the Fault CONFIG_INVALID. */
export function readPrefix(text: string, where: string): Prefix {
  const prefix = text.includes("/") ? parseAddressPrefix(text) : null;
  if (prefix === null) throw new Fault("CONFIG_INVALID", `${where}: ${text} is not an IP prefix.`);
  const { version, address: bytes, length: bits } = prefix;
  const network = networkOf(bytes, bits);
  if (network.some((octet, i) => octet !== bytes[i]))
    throw new Fault(
      "CONFIG_INVALID",
      `${where}: ${text} has bits beyond its length; did you mean ${prefixText({ version, bytes: network, bits })}?`,
    );
  return { version, bytes, bits };
}

/** The text of a prefix, `address/length`. */
export function prefixText({ version, bytes, bits }: Prefix): string {
  return `${addressText(bytes)}/${version === 4 ? bits - 96 : bits}`;
}

/** The `index`th of 2^`added` equal parts of a prefix. */
export function subPrefix(prefix: Prefix, added: number, index: number): Prefix {
  const bytes = new Uint8Array(prefix.bytes);
  writeBits(bytes, prefix.bits, added, index);
  return { version: prefix.version, bytes, bits: prefix.bits + added };
}

/** Writes the low `count` bits of `value` (at most 32) at bit `from`. */
export function writeBits(bytes: Uint8Array, from: number, count: number, value: number): void {
  for (let i = 0; i < count; i++) {
    const bit = from + i;
    const mask = 0x80 >>> (bit & 7);
    const set = (value >>> (count - 1 - i)) & 1;
    bytes[bit >>> 3] = set ? (bytes[bit >>> 3] as number) | mask : (bytes[bit >>> 3] as number) & ~mask;
  }
}

/** Fills `into` with an address of the prefix, its other bits drawn. */
export function drawAddress(into: Uint8Array, prefix: Prefix, random: Random): void {
  into.set(prefix.bytes);
  drawBits(into, prefix.bits, random);
}

/** Draws every bit from `from` on. */
export function drawBits(bytes: Uint8Array, from: number, random: Random): void {
  const whole = (from + 7) >>> 3;
  if (from & 7) {
    const mask = 0xff >>> (from & 7);
    const octet = whole - 1;
    bytes[octet] = ((bytes[octet] as number) & ~mask) | (random.below(256) & mask);
  }
  for (let octet = whole; octet < 16; octet++) bytes[octet] = random.below(256);
}
