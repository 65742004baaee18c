import { Random } from "@v6meter/random";

/** What is done to a datagram of a capture before the decoder gets it. */
export const MUTATIONS = [
  "as_is",
  "bit_flip",
  "byte",
  "truncate",
  "extend",
  "set_length",
  "count",
  "set_id",
  "template_field",
  "template_swap",
  "set_order",
  "version",
  "random_sets",
  "random_bytes",
] as const;
/** One of MUTATIONS. */
export type Mutation = (typeof MUTATIONS)[number];

/** One datagram of a fuzz run. */
export interface FuzzDatagram {
  readonly mutation: Mutation;
  readonly payload: Uint8Array;
  /** Number of the exporter it comes from, and its source port. */
  readonly exporter: number;
  readonly sourcePort: number;
  /** How long after the datagram before it arrives. */
  readonly afterMs: number;
}

const EXPORTERS = 48;
const SOURCE_PORTS = 3;
const MAX_PAYLOAD_BYTES = 1_472;
/** Lengths, counts and ids at which readers go wrong. */
const EDGE_U16 = [0, 1, 2, 3, 4, 5, 7, 8, 16, 255, 256, 257, 1_024, 0x7fff, 0x8000, 0xfffe, 0xffff];
/** Elements the decoder reads, so that random templates reach its columns. */
const ELEMENTS = [
  1, 2, 4, 5, 6, 7, 8, 10, 11, 12, 14, 15, 16, 17, 21, 22, 23, 24, 27, 28, 32, 34, 48, 50, 58, 60, 61, 62, 70, 82, 85,
  104, 139, 145, 149, 150, 152, 154, 156, 158, 160, 210, 230, 231, 233, 291, 292, 293, 298, 302, 305, 306, 309, 313,
  315, 323, 352,
];
const LENGTHS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 20, 32, 255, 0xffff];

/**
 * Datagram `index` of the run with this seed: it depends on nothing else, so any one can be made again
 * alone. `corpus` holds payloads of real exporters and must not be empty.
 */
export function fuzzDatagram(seed: number, index: number, corpus: readonly Uint8Array[]): FuzzDatagram {
  const random = new Random(seed, index);
  const payload = random.pick(corpus);
  // A quarter stays whole: templates must become known for the rest to reach the record decoders.
  const mutation = random.below(4) === 0 ? "as_is" : random.pick(MUTATIONS);
  return {
    mutation,
    payload: mutate(mutation, payload, corpus, random),
    exporter: random.below(EXPORTERS),
    sourcePort: 40_000 + random.below(SOURCE_PORTS),
    // Most arrive together, some after a pause that lets parked data, templates and exporters expire.
    afterMs: random.below(2_000) === 0 ? 600_000 * random.below(12) : random.below(3),
  };
}

function mutate(mutation: Mutation, payload: Uint8Array, corpus: readonly Uint8Array[], random: Random): Uint8Array {
  const bytes = Uint8Array.from(payload);
  switch (mutation) {
    case "as_is":
      return bytes;
    case "bit_flip":
      for (let n = 1 + random.below(8); n > 0 && bytes.length > 0; n--) {
        const at = random.below(bytes.length);
        bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
      }
      return bytes;
    case "byte":
      for (let n = 1 + random.below(4); n > 0 && bytes.length > 0; n--)
        bytes[random.below(bytes.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
      return bytes;
    case "truncate":
      return bytes.subarray(0, random.below(bytes.length + 1));
    case "extend":
      return joined([bytes, random.bytes(random.below(64))]);
    case "set_length":
      return withU16(bytes, pickSet(bytes, random, 2), random);
    case "count":
      // The count of v1, v5, v7 and v9, the length of IPFIX; or the field count of a template.
      return withU16(bytes, random.below(2) === 0 ? 2 : pickSet(bytes, random, 6), random);
    case "set_id":
      return withU16(bytes, pickSet(bytes, random, random.pick([0, 4])), random);
    case "template_field":
      return withU16(bytes, pickSet(bytes, random, 8 + 2 * random.below(24)), random);
    case "template_swap":
      return withSets(bytes, [...setsOf(random.pick(corpus)).slice(0, 3), ...setsOf(bytes)]);
    case "set_order":
      return withSets(bytes, shuffled(setsOf(bytes), random));
    case "version":
      return joined([new Uint8Array([0, random.pick([1, 5, 7, 9, 10, random.below(256)])]), bytes.subarray(2)]);
    case "random_sets":
      return randomSets(random);
    case "random_bytes":
      return random.bytes(random.below(MAX_PAYLOAD_BYTES));
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

function headerBytes(payload: Uint8Array): number {
  return payload[1] === 10 ? 16 : 20;
}

/** The sets of a v9 or IPFIX datagram, each with its own header; none of the other versions. */
function setsOf(payload: Uint8Array): Uint8Array[] {
  if (payload.length < 20 || (payload[1] !== 9 && payload[1] !== 10)) return [];
  const sets: Uint8Array[] = [];
  for (let at = headerBytes(payload); at + 4 <= payload.length; ) {
    const length = Math.max(u16(payload, at + 2), 4);
    sets.push(payload.subarray(at, at + length));
    at += length;
  }
  return sets;
}

/** The header of a datagram with other sets behind it, its IPFIX length made right. */
function withSets(payload: Uint8Array, sets: readonly Uint8Array[]): Uint8Array {
  const bytes = joined([payload.subarray(0, headerBytes(payload)), ...sets]);
  if (bytes[1] === 10 && bytes.length >= 4) new DataView(bytes.buffer).setUint16(2, bytes.length);
  return bytes;
}

function shuffled<T>(list: T[], random: Random): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [list[i], list[j]] = [list[j] as T, list[i] as T];
  }
  return list;
}

/** An offset into a random set of the datagram; anywhere in datagrams without sets. */
function pickSet(bytes: Uint8Array, random: Random, offset: number): number {
  const sets = setsOf(bytes);
  return sets.length === 0 ? random.below(bytes.length + 1) : random.pick(sets).byteOffset + offset;
}

function withU16(bytes: Uint8Array, at: number, random: Random): Uint8Array {
  if (at + 2 > bytes.length) return bytes;
  const value = random.below(3) === 0 ? u16(bytes, at) + random.pick([-1, 1, 4]) : random.pick(EDGE_U16);
  new DataView(bytes.buffer, bytes.byteOffset).setUint16(at, value & 0xffff);
  return bytes;
}

/** A v9 or IPFIX datagram of templates, options templates and data that are well-formed by chance. */
function randomSets(random: Random): Uint8Array {
  const ipfix = random.below(2) === 0;
  const header = random.bytes(ipfix ? 16 : 20);
  header.set([0, ipfix ? 10 : 9, 0, random.below(8)]);
  // Few observation domains, so that templates meet data.
  header.set([0, 0, 0, random.below(2)], header.length - 4);
  const sets = Array.from({ length: 1 + random.below(5) }, () => randomSet(random, ipfix));
  return withSets(joined([header, ...sets]).subarray(0, MAX_PAYLOAD_BYTES), sets);
}

function randomSet(random: Random, ipfix: boolean): Uint8Array {
  const kind = random.below(4);
  const id = 256 + random.below(8);
  if (kind >= 2) return set(id, random.bytes(random.below(400)));
  const body: number[] = [];
  const put = (value: number) => body.push((value >> 8) & 0xff, value & 0xff);
  const fields = random.below(24);
  put(id);
  const options = kind === 1;
  if (options && !ipfix) {
    put(4 * random.below(3));
    put(4 * fields);
  } else put(fields);
  if (options && ipfix) put(random.below(3));
  for (let i = 0; i < fields + (options ? 2 : 0); i++) {
    const enterprise = ipfix && random.below(8) === 0;
    put(random.pick(ELEMENTS) | (enterprise ? 0x8000 : 0));
    put(random.pick(LENGTHS));
    if (enterprise) body.push(...(random.below(2) === 0 ? [0, 0, 0x72, 0x79] : random.bytes(4)));
  }
  return set(options ? (ipfix ? 3 : 1) : ipfix ? 2 : 0, Uint8Array.from(body));
}

function set(id: number, body: Uint8Array): Uint8Array {
  const length = body.length + 4;
  return joined([new Uint8Array([id >> 8, id & 0xff, length >> 8, length & 0xff]), body]);
}
