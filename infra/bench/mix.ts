import { Random } from "@v6meter/random";
import { type Flow, Traffic } from "./mixes/traffic.ts";
import { UPTIME_MS, v9FlowSet, v9Header } from "./v9-packet.ts";
import type { Workload } from "./workload.ts";

const RECORDS = 19;
const RECORD_BYTES = 72;
/** More rows than a batch has, so that no batch holds a datagram twice and compresses better for it. */
const DATAGRAMS = 6_000;
const TEMPLATE_ID = 300;

/** Element and length of each field: addresses, times, counters, ports, four of an octet, interfaces, AS numbers. */
const FIELDS = [
  [27, 16],
  [28, 16],
  [22, 4],
  [21, 4],
  [1, 4],
  [2, 4],
  [7, 2],
  [11, 2],
  [4, 1],
  [6, 1],
  [5, 1],
  [61, 1],
  [10, 4],
  [14, 4],
  [16, 4],
  [17, 4],
] as const;

function writeRecord(to: Buffer, at: number, flow: Flow): void {
  flow.source.address.copy(to, at);
  flow.destination.address.copy(to, at + 16);
  to.writeUInt32BE(UPTIME_MS - flow.startAgoMs, at + 32);
  to.writeUInt32BE(UPTIME_MS - flow.endAgoMs, at + 36);
  to.writeUInt32BE(flow.octets, at + 40);
  to.writeUInt32BE(flow.packets, at + 44);
  to.writeUInt16BE(flow.sourcePort, at + 48);
  to.writeUInt16BE(flow.destinationPort, at + 50);
  to[at + 52] = flow.protocol;
  to[at + 53] = flow.tcpFlags;
  to[at + 55] = flow.direction;
  to.writeUInt32BE(flow.input, at + 56);
  to.writeUInt32BE(flow.output, at + 60);
  to.writeUInt32BE(flow.source.as, at + 64);
  to.writeUInt32BE(flow.destination.as, at + 68);
}

function template(): Buffer {
  const words = [TEMPLATE_ID, FIELDS.length, ...FIELDS.flat()];
  const body = Buffer.alloc(2 * words.length);
  for (const [i, word] of words.entries()) body.writeUInt16BE(word, 2 * i);
  return body;
}

/**
 * NetFlow v9, 19 records of 72 bytes a datagram: IPv6 between 40,000 hosts of subscribers and 3,000 servers, each side
 * a few often, with the ports, counters and times such flows have. It compresses as flows do; random bytes do not.
 */
export function v9MixWorkload(seed: number): Workload {
  const traffic = new Traffic(new Random(seed), 6);
  const datagrams = Array.from({ length: DATAGRAMS }, () => {
    const body = Buffer.alloc(RECORDS * RECORD_BYTES);
    for (let i = 0; i < RECORDS; i++) writeRecord(body, i * RECORD_BYTES, traffic.flow());
    return Buffer.concat([v9Header(RECORDS), v9FlowSet(TEMPLATE_ID, body)]);
  });
  return {
    name: `v9, IPv6, ${RECORDS} records of ${RECORD_BYTES} bytes with values of flows`,
    templates: [Buffer.concat([v9Header(1), v9FlowSet(0, template())])],
    datagrams,
    recordsPerDatagram: RECORDS,
    records: RECORDS * DATAGRAMS,
    sequenceAt: 12,
    sequenceStep: 1,
    inLibrary: true,
  };
}
