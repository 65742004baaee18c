/** Version numbers of the export protocols that are read. */
export type ExportVersion = 1 | 5 | 7 | 9 | 10;

/** What a header says; one object is filled again for every datagram. */
export interface MessageHeader {
  version: ExportVersion;
  /** Offset of the first record or set. */
  bodyAt: number;
  /** Offset behind the last byte that belongs to the message. */
  bodyEnd: number;
  /** The message says it is longer than the datagram. */
  truncated: boolean;
  /** Records of a v1, v5 or v7 body; the count of v9 is never trusted and IPFIX has none. */
  count: number;
  /** Export time, milliseconds since 1970-01-01 UTC. */
  exportMs: number;
  /** Milliseconds since the exporter booted; -1 where the version has none (IPFIX). */
  uptimeMs: number;
  /** When the datagram came, milliseconds since 1970-01-01 UTC; told by the caller, not by the header. */
  receivedAtMs: number;
  sequence: number;
  /** Observation domain, source id or engine type and id. */
  domain: number;
  /** Sampling interval of a v5 header; 0 when not known. */
  samplingRate: number;
}

/** A header that holds nothing yet. */
export function emptyHeader(): MessageHeader {
  return {
    version: 9,
    bodyAt: 0,
    bodyEnd: 0,
    truncated: false,
    count: 0,
    exportMs: 0,
    uptimeMs: -1,
    receivedAtMs: 0,
    sequence: 0,
    domain: 0,
    samplingRate: 0,
  };
}

/** Why a header was refused; each is a drop reason of the stage `receive`. */
export type HeaderFault = "header_short" | "version_unknown" | "count_mismatch" | "length_mismatch";

/** Header and record lengths of the versions without templates. */
export const LEGACY_LENGTHS = {
  1: { header: 16, record: 48 },
  5: { header: 24, record: 48 },
  7: { header: 24, record: 52 },
} as const;

/** Reads the header of a datagram into `header`; returns what is wrong with it, or null. */
export function readHeader(view: DataView, header: MessageHeader): HeaderFault | null {
  if (view.byteLength < 2) return "header_short";
  header.truncated = false;
  header.samplingRate = 0;
  const version = view.getUint16(0);
  if (version === 9) return readV9(view, header);
  if (version === 10) return readIpfix(view, header);
  if (version === 1 || version === 5 || version === 7) return readLegacy(view, version, header);
  return "version_unknown";
}

/** RFC 3954 §5.1. The count is of records in all flow sets; sets are walked by their length instead. */
function readV9(view: DataView, header: MessageHeader): HeaderFault | null {
  if (view.byteLength < 20) return "header_short";
  header.version = 9;
  header.count = view.getUint16(2);
  header.uptimeMs = view.getUint32(4);
  header.exportMs = view.getUint32(8) * 1000;
  header.sequence = view.getUint32(12);
  header.domain = view.getUint32(16);
  header.bodyAt = 20;
  header.bodyEnd = view.byteLength;
  return null;
}

/** RFC 7011 §3.1. Bytes behind the message's length do not belong to it. */
function readIpfix(view: DataView, header: MessageHeader): HeaderFault | null {
  if (view.byteLength < 16) return "header_short";
  const length = view.getUint16(2);
  if (length < 16) return "length_mismatch";
  header.version = 10;
  header.count = 0;
  header.uptimeMs = -1;
  header.exportMs = view.getUint32(4) * 1000;
  header.sequence = view.getUint32(8);
  header.domain = view.getUint32(12);
  header.bodyAt = 16;
  header.bodyEnd = Math.min(length, view.byteLength);
  header.truncated = length > view.byteLength;
  return null;
}

/**
 * Cisco NetFlow v1, v5 and v7 headers. A count that does not fit the datagram makes count and length
 * contradict each other: nothing of it can be trusted. Bytes behind the last counted record are ignored.
 */
function readLegacy(view: DataView, version: 1 | 5 | 7, header: MessageHeader): HeaderFault | null {
  const lengths = LEGACY_LENGTHS[version];
  if (view.byteLength < lengths.header) return "header_short";
  header.version = version;
  header.count = view.getUint16(2);
  header.uptimeMs = view.getUint32(4);
  header.exportMs = view.getUint32(8) * 1000 + Math.floor(view.getUint32(12) / 1_000_000);
  header.sequence = version === 1 ? 0 : view.getUint32(16);
  header.domain = version === 5 ? view.getUint16(20) : 0;
  // Two bits of sampling mode, fourteen of interval (Cisco NetFlow v5 header, bytes 22 and 23).
  if (version === 5) header.samplingRate = view.getUint16(22) & 0x3fff;
  header.bodyAt = lengths.header;
  header.bodyEnd = lengths.header + header.count * lengths.record;
  return header.bodyEnd > view.byteLength ? "count_mismatch" : null;
}
