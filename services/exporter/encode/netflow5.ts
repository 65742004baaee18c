import { HEADER_OCTETS } from "./datagram.ts";
import type { ExportedFlow } from "./flow.ts";
import type { Template } from "./template.ts";

/**
 * NetFlow v5 (Cisco, "NetFlow Export Datagram Format", tables B-3 and B-4): a header of 24 octets and
 * up to 30 records of 48. It has no templates; this is its fixed record written as if it were one.
 */
const RECORD_OCTETS = 48;

/** 30 records would be 1,464 octets: fewer are sent so that a datagram stays at 1,400. */
export const NETFLOW5_MAX_RECORDS = 28;

/** The record; AS numbers beyond 16 bits are AS_TRANS (RFC 6793 §2), counters beyond 32 bits saturate. */
export const NETFLOW5_TEMPLATE: Template = {
  id: 256,
  fields: [],
  recordOctets: RECORD_OCTETS,
  times: [
    { at: 24, edge: "start", form: "uptime_ms" },
    { at: 28, edge: "end", form: "uptime_ms" },
  ],
  write(record: Buffer, at: number, flow: ExportedFlow) {
    for (let i = 0; i < 4; i++) {
      record[at + i] = flow.srcAddr[12 + i] as number;
      record[at + 4 + i] = flow.dstAddr[12 + i] as number;
      record[at + 8 + i] = flow.nextHop[12 + i] as number;
    }
    record.writeUInt16BE(flow.inIf & 0xffff, at + 12);
    record.writeUInt16BE(flow.outIf & 0xffff, at + 14);
    record.writeUInt32BE(Math.min(flow.packets, 0xffffffff), at + 16);
    record.writeUInt32BE(Math.min(flow.bytes, 0xffffffff), at + 20);
    record.writeUInt16BE(flow.srcPort, at + 32);
    record.writeUInt16BE(flow.dstPort, at + 34);
    record[at + 36] = 0;
    record[at + 37] = flow.tcpFlags;
    record[at + 38] = flow.protocol;
    record[at + 39] = flow.tos;
    record.writeUInt16BE(shortAs(flow.srcAs), at + 40);
    record.writeUInt16BE(shortAs(flow.dstAs), at + 42);
    record[at + 44] = flow.srcMask;
    record[at + 45] = flow.dstMask;
    record.writeUInt16BE(0, at + 46);
  },
};

const shortAs = (as: number): number => (as > 0xffff ? 23_456 : as);

/**
 * The parts of a v5 header that do not change with the time of sending. The sampling field's two top
 * bits are the mode (01: packet interval), the other fourteen the interval; 0 where it is not told.
 */
export function writeNetflow5Header(bytes: Buffer, count: number, engine: number, samplingInterval: number): void {
  bytes.fill(0, 0, HEADER_OCTETS[5]);
  bytes.writeUInt16BE(5, 0);
  bytes.writeUInt16BE(count, 2);
  bytes.writeUInt16BE(engine, 20);
  bytes.writeUInt16BE(samplingInterval > 0 ? 0x4000 | (samplingInterval & 0x3fff) : 0, 22);
}
