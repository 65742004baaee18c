import { Random } from "@v6meter/random";

/** Datagrams of one export session that can be sent over and over, each time with fresh sequence numbers. */
export interface Workload {
  readonly name: string;
  /** Sent once, before the others; empty where the version has no templates. */
  readonly templates: readonly Uint8Array[];
  readonly datagrams: readonly Uint8Array[];
  readonly recordsPerDatagram: number;
  /** Records of all datagrams. */
  readonly records: number;
  /** Where the sequence number stands in a datagram, and by how much each datagram moves it. */
  readonly sequenceAt: number;
  readonly sequenceStep: number;
  /** node-netflowv9 reads it. */
  readonly inLibrary: boolean;
}

/** A template: its fields as element and length. */
type Fields = readonly (readonly [element: number, length: number])[];

const DATAGRAMS = 500;
const PAYLOAD_BYTES = 1_400;
const EXPORT_SECONDS = 1_750_000_000;
const UPTIME_MS = 0x4000_0000;

/** The element of a flow's direction, ingress or egress. */
export const DIRECTION = 61;
const COMMON: Fields = [
  [1, 4],
  [2, 4],
  [22, 4],
  [21, 4],
  [7, 2],
  [11, 2],
  [4, 1],
  [6, 1],
  [5, 1],
  [10, 4],
  [14, 4],
  [16, 4],
  [17, 4],
  [DIRECTION, 1],
];
/** 19 fields, 90 bytes. */
export const IPV6_FIELDS: Fields = [[27, 16], [28, 16], [62, 16], ...COMMON, [29, 1], [30, 1]];
/** 19 fields, 54 bytes. */
const IPV4: Fields = [[8, 4], [12, 4], [15, 4], ...COMMON, [9, 1], [13, 1]];
/** IPFIX of a router with absolute times, counters of 8 bytes and an element of an enterprise. */
const IPFIX_TIMES: Fields = [
  [152, 8],
  [153, 8],
  [1, 8],
  [2, 8],
  [7, 2],
  [11, 2],
  [4, 1],
  [6, 2],
  [5, 1],
  [10, 4],
  [14, 4],
  [58, 2],
  [136, 1],
];

function u16(value: number): number[] {
  return [(value >> 8) & 0xff, value & 0xff];
}

function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value & 0xffff)];
}

function lengthOf(fields: Fields): number {
  return fields.reduce((sum, [, length]) => sum + length, 0);
}

function set(id: number, body: readonly number[]): number[] {
  return [...u16(id), ...u16(body.length + 4), ...body];
}

function template(id: number, fields: Fields): number[] {
  return [
    ...u16(id),
    ...u16(fields.length),
    ...fields.flatMap(([element, length]) => [...u16(element), ...u16(length)]),
  ];
}

/** A record of random values, its times in the past and its direction one there is. */
function record(random: (length: number) => Uint8Array, fields: Fields): number[] {
  return fields.flatMap(([element, length]) => {
    if (element === 21 || element === 22) return u32(UPTIME_MS - ((random(1)[0] as number) << 4));
    if (element === 152 || element === 153) return [...u32(407), ...random(4)];
    if (element === 61) return [0];
    return [...random(length)];
  });
}

/** NetFlow v5, 30 records a datagram. */
export function v5Workload(seed: number): Workload {
  const source = new Random(seed);
  const random = (length: number) => source.bytes(length);
  const count = 30;
  const header = [...u16(5), ...u16(count), ...u32(UPTIME_MS), ...u32(EXPORT_SECONDS), ...u32(0), ...u32(0), ...u32(0)];
  const datagrams = Array.from({ length: DATAGRAMS }, () => Uint8Array.from([...header, ...random(48 * count)]));
  return {
    name: "v5, 30 records of 48 bytes",
    templates: [],
    datagrams,
    recordsPerDatagram: count,
    records: count * DATAGRAMS,
    sequenceAt: 16,
    sequenceStep: count,
    inLibrary: true,
  };
}

/** NetFlow v9, one IPv6 template of 19 fields. */
export function v9Workload(seed: number): Workload {
  const source = new Random(seed);
  const random = (length: number) => source.bytes(length);
  const count = Math.floor((PAYLOAD_BYTES - 24) / lengthOf(IPV6_FIELDS));
  const header = [...u16(9), ...u16(count), ...u32(UPTIME_MS), ...u32(EXPORT_SECONDS), ...u32(0), ...u32(0)];
  const records = () => Array.from({ length: count }, () => record(random, IPV6_FIELDS)).flat();
  return {
    name: `v9, IPv6 template of 19 fields, ${count} records of ${lengthOf(IPV6_FIELDS)} bytes`,
    templates: [Uint8Array.from([...header, ...set(0, template(256, IPV6_FIELDS))])],
    datagrams: Array.from({ length: DATAGRAMS }, () => Uint8Array.from([...header, ...set(256, records())])),
    recordsPerDatagram: count,
    records: count * DATAGRAMS,
    sequenceAt: 12,
    sequenceStep: 1,
    inLibrary: true,
  };
}

/** IPFIX, four templates in turn in every datagram: IPv4 and IPv6, each with relative and with absolute times. */
export function ipfixWorkload(seed: number): Workload {
  const source = new Random(seed);
  const random = (length: number) => source.bytes(length);
  const templates: Fields[] = [
    IPV4,
    IPV6_FIELDS,
    [[8, 4], [12, 4], ...IPFIX_TIMES],
    [[27, 16], [28, 16], ...IPFIX_TIMES],
  ];
  const perSet = 4;
  const count = perSet * templates.length;
  const message = (sets: number[]) =>
    Uint8Array.from([...u16(10), ...u16(16 + sets.length), ...u32(EXPORT_SECONDS), ...u32(0), ...u32(0), ...sets]);
  const sets = () =>
    templates.flatMap((fields, i) => set(256 + i, Array.from({ length: perSet }, () => record(random, fields)).flat()));
  return {
    name: `IPFIX, 4 templates in turn, ${count} records a message`,
    templates: [
      message(
        set(
          2,
          templates.flatMap((fields, i) => template(256 + i, fields)),
        ),
      ),
    ],
    datagrams: Array.from({ length: DATAGRAMS }, () => message(sets())),
    recordsPerDatagram: count,
    records: count * DATAGRAMS,
    sequenceAt: 8,
    sequenceStep: count,
    inLibrary: false,
  };
}

/** Gives every datagram the sequence number that follows; returns the one after the last. */
export function renumber({ datagrams, sequenceAt, sequenceStep }: Workload, first: number): number {
  let sequence = first;
  for (const datagram of datagrams) {
    datagram[sequenceAt] = sequence >>> 24;
    datagram[sequenceAt + 1] = sequence >>> 16;
    datagram[sequenceAt + 2] = sequence >>> 8;
    datagram[sequenceAt + 3] = sequence;
    sequence = (sequence + sequenceStep) >>> 0;
  }
  return sequence;
}
