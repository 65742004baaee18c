import type { Template } from "./template.ts";

/** Largest UDP payload this exporter sends, so that no path fragments it. */
export const MAX_DATAGRAM_OCTETS = 1_400;

/** A run of data records of one template inside a datagram, so that their times can be patched. */
export interface RecordRun {
  readonly template: Pick<Template, "recordOctets" | "times">;
  /** Offset of the first record. */
  readonly at: number;
  count: number;
}

/** An export datagram but for what is known only when it is sent: sequence number and times. */
export interface Datagram {
  readonly version: 5 | 9 | 10;
  /** Source id (v9), observation domain (IPFIX), engine type * 256 + engine id (v5). */
  readonly domain: number;
  readonly bytes: Buffer;
  /** Flow records. */
  readonly records: number;
  /** Data records, options records among them: what IPFIX counts. */
  readonly dataRecords: number;
  readonly runs: readonly RecordRun[];
  /** Two numbers a flow record in order: how long before the export it began and ended, in ms. */
  readonly agesMs: Uint32Array;
  /** The generator's row of each flow record. */
  readonly rows: Uint32Array;
}

/** Octets of each version's header: Cisco NetFlow v5, RFC 3954 §5.1, RFC 7011 §3.1. */
export const HEADER_OCTETS = { 5: 24, 9: 20, 10: 16 } as const;

/** A datagram of sets that hold no flow records: templates, options templates and their records. */
export function setDatagram(
  version: 9 | 10,
  domain: number,
  sets: readonly Buffer[],
  counts: { records: number; dataRecords: number },
): Datagram {
  const header = Buffer.alloc(HEADER_OCTETS[version]);
  const bytes = Buffer.concat([header, ...sets]);
  // RFC 3954 §5.1: the count is of all records, templates too; RFC 7011 §3.1: it is a length in octets.
  writeHeader(bytes, version, domain, version === 9 ? counts.records : bytes.length);
  return {
    version,
    domain,
    bytes,
    records: 0,
    dataRecords: counts.dataRecords,
    runs: [],
    agesMs: new Uint32Array(0),
    rows: new Uint32Array(0),
  };
}

/** The parts of a v9 or IPFIX header that do not change with the time of sending. */
export function writeHeader(bytes: Buffer, version: 9 | 10, domain: number, countOrLength: number): void {
  bytes.writeUInt16BE(version, 0);
  bytes.writeUInt16BE(countOrLength, 2);
  bytes.writeUInt32BE(domain, version === 9 ? 16 : 12);
}
