/** Octets of a v9 packet's header (RFC 3954, 5.1). */
export const V9_HEADER_BYTES = 20;
const SET_HEADER_BYTES = 4;
/** Export time of every packet that a workload makes, seconds. */
export const EXPORT_SECONDS = 1_750_000_000;
/** sysUpTime of every packet that a workload makes. */
export const UPTIME_MS = 0x4000_0000;

/** The header of a v9 packet of so many records, its sequence number and source id zero. */
export function v9Header(count: number): Buffer {
  const bytes = Buffer.alloc(V9_HEADER_BYTES);
  bytes.writeUInt16BE(9, 0);
  bytes.writeUInt16BE(count, 2);
  bytes.writeUInt32BE(UPTIME_MS, 4);
  bytes.writeUInt32BE(EXPORT_SECONDS, 8);
  return bytes;
}

/** A FlowSet (RFC 3954, 5.2 and 5.3): the id and length before what it holds. */
export function v9FlowSet(id: number, body: Buffer): Buffer {
  const head = Buffer.alloc(SET_HEADER_BYTES);
  head.writeUInt16BE(id, 0);
  head.writeUInt16BE(SET_HEADER_BYTES + body.length, 2);
  return Buffer.concat([head, body]);
}
