import { Random } from "@v6meter/random";
import type { Datagram, Mix } from "./mix.ts";
import { type Flow, Traffic } from "./traffic.ts";

const EXPORTERS = 16;
const DATAGRAMS = 6_000;
const RECORDS = 30;
const HEADER_BYTES = 24;
const RECORD_BYTES = 48;
const UPTIME_MS = 0x4000_0000;

function writeRecord(to: Buffer, at: number, flow: Flow): void {
  flow.source.address.copy(to, at);
  flow.destination.address.copy(to, at + 4);
  to.writeUInt16BE(flow.input, at + 12);
  to.writeUInt16BE(flow.output, at + 14);
  to.writeUInt32BE(flow.packets, at + 16);
  to.writeUInt32BE(flow.octets, at + 20);
  to.writeUInt32BE(UPTIME_MS - flow.startAgoMs, at + 24);
  to.writeUInt32BE(UPTIME_MS - flow.endAgoMs, at + 28);
  to.writeUInt16BE(flow.sourcePort, at + 32);
  to.writeUInt16BE(flow.destinationPort, at + 34);
  to[at + 37] = flow.tcpFlags;
  to[at + 38] = flow.protocol;
  to.writeUInt16BE(flow.source.as, at + 40);
  to.writeUInt16BE(flow.destination.as, at + 42);
  to[at + 44] = 16;
  to[at + 45] = 16;
}

/** NetFlow v5: 30 IPv4 records in every datagram, of 16 exporters in turn. */
export function v5Mix(seed: number): Mix {
  const traffic = new Traffic(new Random(seed, 5), 4);
  const datagrams = Array.from({ length: DATAGRAMS }, (_, i): Datagram => {
    const bytes = Buffer.alloc(HEADER_BYTES + RECORDS * RECORD_BYTES);
    bytes.writeUInt16BE(5, 0);
    bytes.writeUInt16BE(RECORDS, 2);
    bytes.writeUInt32BE(UPTIME_MS, 4);
    for (let record = 0; record < RECORDS; record++)
      writeRecord(bytes, HEADER_BYTES + record * RECORD_BYTES, traffic.flow());
    return { exporter: i % EXPORTERS, bytes, records: RECORDS, sequenceStep: RECORDS };
  });
  return {
    name: "v5",
    says: `NetFlow v5, IPv4, ${RECORDS} records a datagram, ${EXPORTERS} exporters`,
    version: 5,
    exporters: EXPORTERS,
    templates: [],
    datagrams,
    records: RECORDS * DATAGRAMS,
  };
}
