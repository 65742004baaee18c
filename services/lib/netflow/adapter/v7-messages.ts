import { LEGACY_LENGTHS } from "../header.ts";

const EMPTY = Buffer.alloc(0);

/**
 * One message for each v7 record. The library steps 48 bytes from record to record where a v7 record has
 * 52, and so fails on every v7 datagram; what it slices off is given to it record by record instead.
 */
export function v7Messages(message: Buffer): Buffer[] {
  const { header, record } = LEGACY_LENGTHS[7];
  const messages: Buffer[] = [];
  for (let at = header; at + record <= message.length; at += record) {
    const body = Object.assign(message.subarray(at, at + record), { slice: () => EMPTY });
    messages.push(Object.assign(message.subarray(0, header), { slice: () => body }));
  }
  return messages;
}
