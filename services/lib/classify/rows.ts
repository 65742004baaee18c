import type { FlowBatch, FlowColumns } from "@v6meter/schemas";

/** What is found out about each row on the way; one set of columns is used for all batches. */
export interface Findings {
  /** Classes of addresses (AddressTable) of src_addr and dst_addr. */
  readonly srcClass: Uint32Array;
  readonly dstClass: Uint32Array;
  /** IP version of the exported tunnel header; 0 where none is exported. */
  readonly outerVersion: Uint8Array;
  readonly outerSrcClass: Uint32Array;
  readonly outerDstClass: Uint32Array;
  /** Numbers of ExporterTable. */
  readonly exporter: Uint32Array;
  readonly inInterface: Uint32Array;
  readonly outInterface: Uint32Array;
  /** The interface the flow was metered at: the ingress or the egress one. */
  readonly meteredInterface: Uint32Array;
  /** 1 where src_addr and dst_addr are both there. */
  readonly hasAddresses: Uint8Array;
  /** Which address is the subscriber's, see SUBSCRIBER_ADDRESSES. */
  readonly subscriberAddress: Uint8Array;
}

/** Values of `subscriberAddress`. */
export const SUBSCRIBER_ADDRESSES = { none: 0, src: 1, dst: 2, outerSrc: 3, outerDst: 4 } as const;

/**
 * One batch in work. The columns stand in a literal, so that reading one costs no look-up by name;
 * addresses are there as four words as well.
 */
export type Rows = ReturnType<typeof rowsOf>;

export function createFindings(capacity: number): Findings {
  return {
    srcClass: new Uint32Array(capacity),
    dstClass: new Uint32Array(capacity),
    outerVersion: new Uint8Array(capacity),
    outerSrcClass: new Uint32Array(capacity),
    outerDstClass: new Uint32Array(capacity),
    exporter: new Uint32Array(capacity),
    inInterface: new Uint32Array(capacity),
    outInterface: new Uint32Array(capacity),
    meteredInterface: new Uint32Array(capacity),
    hasAddresses: new Uint8Array(capacity),
    subscriberAddress: new Uint8Array(capacity),
  };
}

export function rowsOf(batch: FlowBatch, findings: Findings) {
  const c: FlowColumns = batch.columns;
  return {
    rows: batch.rows,
    received_at: c.received_at,
    start_at: c.start_at,
    exporter: c.exporter,
    ip_version: c.ip_version,
    src_addr: c.src_addr,
    dst_addr: c.dst_addr,
    src_port: c.src_port,
    dst_port: c.dst_port,
    protocol: c.protocol,
    in_if: c.in_if,
    out_if: c.out_if,
    src_as: c.src_as,
    dst_as: c.dst_as,
    direction: c.direction,
    sampling_rate: c.sampling_rate,
    outer_src_addr: c.outer_src_addr,
    outer_dst_addr: c.outer_dst_addr,
    outer_protocol: c.outer_protocol,
    family: c.family,
    technology: c.technology,
    region: c.region,
    operator: c.operator,
    access: c.access,
    flow_direction: c.flow_direction,
    observation_point: c.observation_point,
    counted: c.counted,
    subscriber: c.subscriber,
    subscriber_method: c.subscriber_method,
    subscriber_prefix: c.subscriber_prefix,
    active_family: c.active_family,
    tcp_flags: c.tcp_flags,
    exporterWords: wordsOf(c.exporter, batch.rows),
    srcWords: wordsOf(c.src_addr, batch.rows),
    dstWords: wordsOf(c.dst_addr, batch.rows),
    outerSrcWords: wordsOf(c.outer_src_addr, batch.rows),
    outerDstWords: wordsOf(c.outer_dst_addr, batch.rows),
    findings,
  };
}

/** Addresses as four words each, in the machine's byte order; copied where the bytes are not aligned. */
function wordsOf(addresses: Uint8Array, rows: number): Uint32Array {
  const bytes = addresses.byteOffset % 4 === 0 ? addresses : new Uint8Array(addresses.subarray(0, rows * 16));
  return new Uint32Array(bytes.buffer, bytes.byteOffset, rows * 4);
}

/** True where two rows have the same address. */
export function isSameAddress(words: Uint32Array, row: number, other: number): boolean {
  const at = row * 4;
  const its = other * 4;
  return (
    words[at + 3] === words[its + 3] &&
    words[at + 2] === words[its + 2] &&
    words[at + 1] === words[its + 1] &&
    words[at] === words[its]
  );
}

/** True where the four words of the address of a row are all zero: it was not exported. */
export function isAbsent(words: Uint32Array, row: number): boolean {
  const at = row * 4;
  return (
    ((words[at] as number) | (words[at + 1] as number) | (words[at + 2] as number) | (words[at + 3] as number)) === 0
  );
}
