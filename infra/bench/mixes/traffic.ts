import type { Random } from "@v6meter/random";

/** One end of a flow. */
export interface End {
  readonly address: Buffer;
  readonly as: number;
}

/** A flow with the ports, counters and times flows have; times are milliseconds before it is exported. */
export interface Flow {
  readonly source: End;
  readonly destination: End;
  readonly startAgoMs: number;
  readonly endAgoMs: number;
  readonly octets: number;
  readonly packets: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly protocol: number;
  readonly tcpFlags: number;
  /** To the subscriber: 1, from it: 0. */
  readonly direction: number;
  readonly input: number;
  readonly output: number;
}

export type Family = 4 | 6;

type Ends = Readonly<Record<"subscribers" | "servers", readonly End[]>>;

const SUBSCRIBERS = 40_000;
const SERVERS = 3_000;
const MAX_COUNTER = 0xffff_ffff;

/** Hosts of subscribers: a /56 each of a province's prefixes, the interface identifier at random (RFC 7217). */
function subscriber6(random: Random): End {
  const operator = random.below(3);
  const address = Buffer.from(random.bytes(16));
  address.writeUInt32BE([0x2409_8a00, 0x240e_0300, 0x2408_8200][operator] as number, 0);
  address.writeUInt16BE(random.below(2_048), 4);
  address[7] = random.below(4);
  return { address, as: [9_808, 4_134, 4_837][operator] as number };
}

/** Servers: of few prefixes, identifiers counted up by hand. */
function server6(random: Random): End {
  const site = random.below(60);
  const address = Buffer.alloc(16);
  address.writeUInt32BE(0x2400_da00 + site, 0);
  address.writeUInt16BE(random.below(16), 6);
  address.writeUInt16BE(1 + random.below(512), 14);
  return { address, as: 37_963 + site };
}

function subscriber4(random: Random): End {
  const operator = random.below(3);
  const address = Buffer.alloc(4);
  address.writeUInt32BE(([0x2400_0000, 0x2480_0000, 0x7500_0000][operator] as number) + random.below(1 << 20));
  return { address, as: [9_808, 4_134, 4_837][operator] as number };
}

function server4(random: Random): End {
  const site = random.below(60);
  const address = Buffer.alloc(4);
  address.writeUInt32BE(0x2f5e_0000 + site * 1_024 + random.below(512));
  return { address, as: 37_963 + site };
}

/** Few of a list are seen often, most of it seldom. */
function often<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(list.length * random.next() ** 3)] as T;
}

/** Flows of one family between 40,000 hosts of subscribers and 3,000 servers, on each side a few often. */
export class Traffic {
  readonly #random: Random;
  readonly #ends: Ends;

  constructor(random: Random, family: Family) {
    this.#random = random;
    const [subscriber, server] = family === 6 ? [subscriber6, server6] : [subscriber4, server4];
    this.#ends = {
      subscribers: Array.from({ length: SUBSCRIBERS }, () => subscriber(random)),
      servers: Array.from({ length: SERVERS }, () => server(random)),
    };
  }

  flow(): Flow {
    const random = this.#random;
    const home = often(random, this.#ends.subscribers);
    const site = often(random, this.#ends.servers);
    const direction = random.below(2);
    const [source, destination] = direction ? [site, home] : [home, site];
    const packets = Math.ceil(random.next() ** -1.1);
    const udp = random.below(4) === 0;
    const endAgoMs = random.below(15_000);
    const homePort = 32_768 + random.below(28_232);
    const sitePort = random.pick([443, 443, 443, 443, 443, 443, 80, 80, 53, 8_080]);
    const durationMs = packets === 1 ? 0 : random.below(60_000);
    const octets = packets * (60 + random.below(1_441));
    const tcpFlags = udp ? 0 : random.pick([0x1b, 0x1b, 0x18, 0x10, 0x02]);
    const line = 10 + random.below(20);
    return {
      source,
      destination,
      startAgoMs: endAgoMs + durationMs,
      endAgoMs,
      octets: Math.min(octets, MAX_COUNTER),
      packets: Math.min(packets, MAX_COUNTER),
      sourcePort: direction ? sitePort : homePort,
      destinationPort: direction ? homePort : sitePort,
      protocol: udp ? 17 : 6,
      tcpFlags,
      direction,
      input: direction ? 1 : line,
      output: direction ? line : 1,
    };
  }
}
