import { addressBytes, addressText } from "../flow/address.ts";

/** First and last address of a prefix, IPv4 mapped; null for what is no prefix or has bits set after its length. */
export function prefixRange(text: string): { first: string; last: string; length: number; version: 4 | 6 } | null {
  const [, address = "", digits = ""] = /^([0-9a-fA-F:.]+)\/(\d{1,3})$/.exec(text) ?? [];
  const first = addressBytes(address);
  const length = Number(digits);
  if (first === null || digits === "") return null;
  const version = address.includes(":") ? 6 : 4;
  if (length > (version === 4 ? 32 : 128)) return null;
  const bits = version === 4 ? length + 96 : length;
  const last = Uint8Array.from(first, (byte, i) => byte | (0xff >> Math.min(8, Math.max(0, bits - i * 8))));
  const isBegin = first.every((byte, i) => (byte & (0xff >> Math.min(8, Math.max(0, bits - i * 8)))) === 0);
  return isBegin ? { first: addressText(first), last: addressText(last), length, version } : null;
}
