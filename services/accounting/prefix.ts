import { addressBytes } from "@v6meter/schemas";

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
  const [host, bits, more] = text.split("/") as [string, string | undefined, string | undefined];
  const address = host.includes("%") ? null : addressBytes(host);
  if (address === null || more !== undefined || (bits !== undefined && !/^(0|[1-9]\d{0,2})$/.test(bits))) return null;
  const offset = host.includes(":") ? 0 : 96;
  const length = bits === undefined ? 128 : Number(bits) + offset;
  if (length > 128) return null;
  const network = address.map((byte, i) => byte & (0xff << Math.min(8, Math.max(0, 8 * i + 8 - length))));
  return sameBits(network, address, 128) ? { address, length } : null;
}
