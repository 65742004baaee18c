import { Address4, Address6, AddressError } from "ip-address";

/** A prefix of either family. */
export interface Prefix {
  readonly ipVersion: 4 | 6;
  /** Network address, 4 or 16 bytes in network order. */
  readonly bytes: Uint8Array;
  /** Bits, 0 to 32 or 128. */
  readonly length: number;
  /** Canonical text (RFC 5952), always with a length. */
  readonly text: string;
}

/**
 * Reads `ADDRESS/LENGTH`, or an address alone where `bare` allows it. Answers a sentence that says what
 * is wrong instead of a prefix where the text is none.
 */
export function parsePrefix(text: string, options: { bare: boolean } = { bare: false }): Prefix | string {
  const version = text.includes(":") ? 6 : 4;
  const example = version === 6 ? "2001:db8::/32" : "192.0.2.0/24";
  const suffix = /\/(.*)$/.exec(text)?.[1];
  if (suffix === undefined && !options.bare) return `${quote(text)} has no length; write it like ${example}`;
  if (suffix !== undefined && !/^(0|[1-9]\d{0,2})$/.test(suffix))
    return `${quote(text)} has no valid length; allowed is 0 to ${version === 6 ? 128 : 32}`;
  if (text.includes("%")) return `${quote(text)} has a zone; write it without`;
  let address: Address4 | Address6;
  try {
    address = version === 6 ? new Address6(text) : new Address4(text);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    return `${quote(text)} is not an IPv${version} prefix; write it like ${example}`;
  }
  const start = address.startAddress();
  const canonical = `${start.correctForm()}/${address.subnetMask}`;
  if (start.correctForm() !== address.correctForm())
    return `${quote(text)} has host bits set; the prefix is ${canonical}`;
  const bytes = Uint8Array.from(address instanceof Address6 ? address.toUnsignedByteArray() : address.toArray());
  if (version === 6 && address.subnetMask >= 96 && bytes.subarray(0, 12).join() === "0,0,0,0,0,0,0,0,0,0,255,255")
    return `${quote(text)} is an IPv4-mapped prefix; write it as IPv4, like ${example4(bytes, address.subnetMask)}`;
  return { ipVersion: version, bytes, length: address.subnetMask, text: canonical };
}

function example4(bytes: Uint8Array, length: number): string {
  return `${bytes.subarray(12).join(".")}/${length - 96}`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
