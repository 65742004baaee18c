import { networkOf, parseAddressPrefix } from "@v6meter/schemas";

/** A prefix of 16-byte addresses, IPv4 as mapped with 96 added to its length; bits behind it are zero. */
export interface Prefix {
  readonly address: Uint8Array;
  readonly length: number;
}

/** True where the first `length` bits of both addresses are the same. */
export function sameBits(a: Uint8Array, b: Uint8Array, length: number): boolean {
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false;
  return length % 8 === 0 || (((a[whole] as number) ^ (b[whole] as number)) & (0xff << (8 - (length % 8)))) === 0;
}

/** Reads `ADDRESS/LENGTH`, or an address alone; null where the text is neither or has bits behind the length. */
export function parsePrefix(text: string): Prefix | null {
  const prefix = parseAddressPrefix(text);
  return prefix && sameBits(networkOf(prefix.address, prefix.length), prefix.address, 128) ? prefix : null;
}
