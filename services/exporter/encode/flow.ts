/**
 * A flow under the pen: the generator fills one such object and hands it to an encoder, which copies
 * what its template asks for. It is reused for every record, so nothing is allocated per record.
 */
export interface ExportedFlow {
  /** IP version of srcAddr and dstAddr: 4 or 6. */
  ipVersion: 4 | 6;
  /** 16 bytes in network order; IPv4 as ::ffff:a.b.c.d. */
  readonly srcAddr: Uint8Array;
  readonly dstAddr: Uint8Array;
  readonly nextHop: Uint8Array;
  /** Addresses of the outer IPv6 header (RFC 8754, RFC 2473); written by fields marked `outer` only. */
  readonly outerSrcAddr: Uint8Array;
  readonly outerDstAddr: Uint8Array;
  /** Next header of the outer header: 4 (IPv4), 41 (IPv6) or 43 (routing header). */
  outerProtocol: number;
  srcPort: number;
  dstPort: number;
  /** IANA protocol number. */
  protocol: number;
  tcpFlags: number;
  tos: number;
  /** Octets as sampled, not scaled; below 2^53. */
  bytes: number;
  /** Packets as sampled, not scaled. */
  packets: number;
  /** SNMP ifIndex. */
  inIf: number;
  outIf: number;
  srcAs: number;
  dstAs: number;
  srcMask: number;
  dstMask: number;
  /** 0 ingress, 1 egress (IE 61). */
  direction: number;
  /** FLOW_SAMPLER_ID (IE 48) or selectorId (IE 302) the record was sampled by. */
  samplerId: number;
  /** One packet in so many, for routers that tell it in each record (IE 34). */
  samplingRate: number;
  /** How long before the export the flow began, in ms. */
  startAgeMs: number;
  /** How long before the export the flow's last packet was seen, in ms. */
  endAgeMs: number;
}

/** An empty flow to be filled. */
export function createFlow(): ExportedFlow {
  return {
    ipVersion: 4,
    srcAddr: new Uint8Array(16),
    dstAddr: new Uint8Array(16),
    nextHop: new Uint8Array(16),
    outerSrcAddr: new Uint8Array(16),
    outerDstAddr: new Uint8Array(16),
    outerProtocol: 0,
    srcPort: 0,
    dstPort: 0,
    protocol: 0,
    tcpFlags: 0,
    tos: 0,
    bytes: 0,
    packets: 0,
    inIf: 0,
    outIf: 0,
    srcAs: 0,
    dstAs: 0,
    srcMask: 0,
    dstMask: 0,
    direction: 0,
    samplerId: 0,
    samplingRate: 0,
    startAgeMs: 0,
    endAgeMs: 0,
  };
}
