import { addressBytes } from "./address.ts";

/** A prefix of 16-byte addresses, IPv4 as mapped with 96 added to its length. */
export interface AddressPrefix {
  readonly version: 4 | 6;
  /** As written: bits behind the length may be set. */
  readonly address: Uint8Array;
  /** 0 to 128 bits. */
  readonly length: number;
}

/** Reads `ADDRESS/LENGTH`, or an address alone as a prefix of its own; null where the text is neither. */
export function parseAddressPrefix(text: string): AddressPrefix | null {
  const [host, bits, more] = text.split("/") as [string, string | undefined, string | undefined];
  const address = host.includes("%") ? null : addressBytes(host);
  if (address === null || more !== undefined || (bits !== undefined && !/^(0|[1-9]\d{0,2})$/.test(bits))) return null;
  const version = host.includes(":") ? 6 : 4;
  const length = bits === undefined ? 128 : Number(bits) + (version === 4 ? 96 : 0);
  return length > 128 ? null : { version, address, length };
}

/** The address with every bit behind the first `length` cleared: of 16 bytes, or 4 of IPv4. */
export function networkOf(address: Uint8Array, length: number): Uint8Array {
  return address.map((byte, i) => byte & (0xff << Math.min(8, Math.max(0, 8 * i + 8 - length))));
}
