import { Random } from "@v6meter/random";
import type { Workload } from "./workload.ts";

const RECORDS = 19;
const RECORD_BYTES = 72;
const HEADER_BYTES = 20;
const SET_HEADER_BYTES = 4;
/** More rows than a batch has, so that no batch holds a datagram twice and compresses better for it. */
const DATAGRAMS = 6_000;
const TEMPLATE_ID = 300;
const EXPORT_SECONDS = 1_750_000_000;
const UPTIME_MS = 0x4000_0000;

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

interface End {
  readonly address: Buffer;
  readonly as: number;
}

/** Hosts of subscribers: a /56 each of a province's prefixes, the interface identifier at random (RFC 7217). */
function subscriber(random: Random): End {
  const operator = random.below(3);
  const address = Buffer.from(random.bytes(16));
  address.writeUInt32BE([0x2409_8a00, 0x240e_0300, 0x2408_8200][operator] as number, 0);
  address.writeUInt16BE(random.below(2_048), 4);
  address[7] = random.below(4);
  return { address, as: [9_808, 4_134, 4_837][operator] as number };
}

/** Servers: of few prefixes, identifiers counted up by hand. */
function server(random: Random): End {
  const site = random.below(60);
  const address = Buffer.alloc(16);
  address.writeUInt32BE(0x2400_da00 + site, 0);
  address.writeUInt16BE(random.below(16), 6);
  address.writeUInt16BE(1 + random.below(512), 14);
  return { address, as: 37_963 + site };
}

/** Few of a list are seen often, most of it seldom. */
function often<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(list.length * random.next() ** 3)] as T;
}

function writeRecord(to: Buffer, at: number, random: Random, ends: Record<"subscribers" | "servers", End[]>): void {
  const home = often(random, ends.subscribers);
  const site = often(random, ends.servers);
  const down = random.below(2);
  const [source, destination] = down ? [site, home] : [home, site];
  const packets = Math.ceil(random.next() ** -1.1);
  const udp = random.below(4) === 0;
  const endMs = UPTIME_MS - random.below(15_000);
  const homePort = 32_768 + random.below(28_232);
  const sitePort = random.pick([443, 443, 443, 443, 443, 443, 80, 80, 53, 8_080]);
  source.address.copy(to, at);
  destination.address.copy(to, at + 16);
  to.writeUInt32BE(endMs - (packets === 1 ? 0 : random.below(60_000)), at + 32);
  to.writeUInt32BE(endMs, at + 36);
  to.writeUInt32BE(Math.min(packets * (60 + random.below(1_441)), 0xffff_ffff), at + 40);
  to.writeUInt32BE(Math.min(packets, 0xffff_ffff), at + 44);
  to.writeUInt16BE(down ? sitePort : homePort, at + 48);
  to.writeUInt16BE(down ? homePort : sitePort, at + 50);
  to[at + 52] = udp ? 17 : 6;
  to[at + 53] = udp ? 0 : random.pick([0x1b, 0x1b, 0x18, 0x10, 0x02]);
  to[at + 55] = down;
  to.writeUInt32BE(down ? 1 : 10 + random.below(20), at + 56);
  to.writeUInt32BE(down ? 10 + random.below(20) : 1, at + 60);
  to.writeUInt32BE(source.as, at + 64);
  to.writeUInt32BE(destination.as, at + 68);
}

function header(count: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt16BE(9, 0);
  bytes.writeUInt16BE(count, 2);
  bytes.writeUInt32BE(UPTIME_MS, 4);
  bytes.writeUInt32BE(EXPORT_SECONDS, 8);
  return bytes;
}

function flowSet(id: number, body: Buffer): Buffer {
  const head = Buffer.alloc(SET_HEADER_BYTES);
  head.writeUInt16BE(id, 0);
  head.writeUInt16BE(SET_HEADER_BYTES + body.length, 2);
  return Buffer.concat([head, body]);
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
  const random = new Random(seed);
  const ends = {
    subscribers: Array.from({ length: 40_000 }, () => subscriber(random)),
    servers: Array.from({ length: 3_000 }, () => server(random)),
  };
  const datagrams = Array.from({ length: DATAGRAMS }, () => {
    const body = Buffer.alloc(RECORDS * RECORD_BYTES);
    for (let i = 0; i < RECORDS; i++) writeRecord(body, i * RECORD_BYTES, random, ends);
    return Buffer.concat([header(RECORDS), flowSet(TEMPLATE_ID, body)]);
  });
  return {
    name: `v9, IPv6, ${RECORDS} records of ${RECORD_BYTES} bytes with values of flows`,
    templates: [Buffer.concat([header(1), flowSet(0, template())])],
    datagrams,
    recordsPerDatagram: RECORDS,
    records: RECORDS * DATAGRAMS,
    sequenceAt: 12,
    sequenceStep: 1,
    inLibrary: true,
  };
}
