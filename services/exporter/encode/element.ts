import type { ExportedFlow } from "./flow.ts";

/** Writes one field of one record; `length` is the template's (reduced-size encoding, RFC 7011 §6.2). */
export type FieldWriter = (record: Buffer, at: number, length: number, flow: ExportedFlow) => void;

/** One element this exporter can write: its own length (octets) and how it is read off a flow. */
export interface Element {
  readonly length: number;
  readonly write: FieldWriter;
}

/** Writes a number below 2^53 in `length` octets, network byte order (RFC 7011 §6.1.1). */
export function writeUnsigned(record: Buffer, at: number, length: number, value: number): void {
  if (length > 8) record.fill(0, at, at + length - 8);
  const high = length > 4 ? Math.floor(value / 4_294_967_296) : 0;
  // From the last octet on: shifts take what 32 bits hold, the lower word first.
  let word = value >>> 0;
  let octet = at + length - 1;
  for (let i = 0; i < length && i < 8; i++, octet--) {
    if (i === 4) word = high >>> 0;
    record[octet] = word & 0xff;
    word >>>= 8;
  }
}

type Numeric = {
  [K in keyof ExportedFlow]: ExportedFlow[K] extends number ? K : never;
}[keyof ExportedFlow];

const unsigned = (length: number, name: Numeric): Element => ({
  length,
  write: (record, at, size, flow) => writeUnsigned(record, at, size, flow[name]),
});

const v4Address = (name: "srcAddr" | "dstAddr" | "nextHop"): Element => ({
  length: 4,
  write: (record, at, _length, flow) => {
    for (let i = 0; i < 4; i++) record[at + i] = flow.ipVersion === 4 ? (flow[name][12 + i] as number) : 0;
  },
});

const v6Address = (name: "srcAddr" | "dstAddr" | "nextHop"): Element => ({
  length: 16,
  write: (record, at, _length, flow) => {
    if (flow.ipVersion === 6) record.set(flow[name], at);
    else record.fill(0, at, at + 16);
  },
});

const maskOf = (version: 4 | 6, name: "srcMask" | "dstMask"): Element => ({
  length: 1,
  write: (record, at, _length, flow) => {
    record[at] = flow.ipVersion === version ? flow[name] : 0;
  },
});

const icmpTypeCode = (version: 4 | 6, protocol: number): Element => ({
  length: 2,
  write: (record, at, length, flow) =>
    writeUnsigned(record, at, length, flow.ipVersion === version && flow.protocol === protocol ? flow.dstPort : 0),
});

/** Octets left for the time of export; the stamp fills them (see stamp.ts). */
const stamped = (length: number): Element => ({
  length,
  write: (record, at, size) => {
    record.fill(0, at, at + size);
  },
});

/**
 * IANA information elements (registry "IPFIX Information Elements"; RFC 3954 §8 for v9) by number.
 * IE 1 and 2 are the deltas every router exports; ICMP keeps type * 256 + code in the destination port
 * as v5 does, and in IE 32 and 139.
 */
export const ELEMENTS: Readonly<Record<number, Element>> = {
  1: unsigned(8, "bytes"),
  2: unsigned(8, "packets"),
  4: unsigned(1, "protocol"),
  5: unsigned(1, "tos"),
  6: unsigned(2, "tcpFlags"),
  7: unsigned(2, "srcPort"),
  8: v4Address("srcAddr"),
  9: maskOf(4, "srcMask"),
  10: unsigned(4, "inIf"),
  11: unsigned(2, "dstPort"),
  12: v4Address("dstAddr"),
  13: maskOf(4, "dstMask"),
  14: unsigned(4, "outIf"),
  15: v4Address("nextHop"),
  16: unsigned(4, "srcAs"),
  17: unsigned(4, "dstAs"),
  21: stamped(4),
  22: stamped(4),
  27: v6Address("srcAddr"),
  28: v6Address("dstAddr"),
  29: maskOf(6, "srcMask"),
  30: maskOf(6, "dstMask"),
  32: icmpTypeCode(4, 1),
  34: unsigned(4, "samplingRate"),
  48: unsigned(2, "samplerId"),
  60: unsigned(1, "ipVersion"),
  61: unsigned(1, "direction"),
  62: v6Address("nextHop"),
  139: icmpTypeCode(6, 58),
  150: stamped(4),
  151: stamped(4),
  152: stamped(8),
  153: stamped(8),
  158: stamped(4),
  159: stamped(4),
  302: unsigned(8, "samplerId"),
};

/**
 * The outer header's occurrence of an element that a tunnel template names twice: the outer one comes
 * first (RFC 7011 §8, "logical order of their treatments").
 */
export const OUTER_ELEMENTS: Readonly<Record<number, Element>> = {
  4: unsigned(1, "outerProtocol"),
  27: { length: 16, write: (record, at, _length, flow) => record.set(flow.outerSrcAddr, at) },
  28: { length: 16, write: (record, at, _length, flow) => record.set(flow.outerDstAddr, at) },
};
