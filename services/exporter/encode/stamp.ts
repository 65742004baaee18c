import type { Datagram } from "./datagram.ts";

/** What is known of a datagram only when it is sent. */
export interface Stamp {
  /** Export time by the exporter's own clock, ms since 1970-01-01 UTC. */
  readonly exportTimeMs: number;
  /** ms since the exporter booted; v5 and v9 flow times are relative to it. */
  readonly uptimeMs: number;
  /** By the version's own rule, see createSequence. */
  readonly sequence: number;
}

/**
 * Writes sequence number, export time and every record's times into the datagram, in place: the same
 * datagram can be sent again with another stamp.
 *
 * v9 (RFC 3954 §5.1) and IPFIX (RFC 7011 §3.1) headers have whole seconds only. v9 flow times count in
 * uptime, so their fraction is of the uptime; IPFIX flow times are absolute.
 */
export function stamp(datagram: Datagram, { exportTimeMs, uptimeMs, sequence }: Stamp): void {
  const { bytes, version } = datagram;
  const seconds = Math.floor(exportTimeMs / 1000);
  if (version === 5) {
    bytes.writeUInt32BE(uptimeMs >>> 0, 4);
    bytes.writeUInt32BE(seconds, 8);
    bytes.writeUInt32BE((exportTimeMs % 1000) * 1_000_000, 12);
    bytes.writeUInt32BE(sequence >>> 0, 16);
  } else if (version === 9) {
    bytes.writeUInt32BE(uptimeMs >>> 0, 4);
    bytes.writeUInt32BE(seconds, 8);
    bytes.writeUInt32BE(sequence >>> 0, 12);
  } else {
    bytes.writeUInt32BE(seconds, 4);
    bytes.writeUInt32BE(sequence >>> 0, 8);
  }

  let record = 0;
  for (const { template, at, count } of datagram.runs) {
    for (let n = 0, start = at; n < count; n++, start += template.recordOctets, record++) {
      for (const time of template.times) {
        const age = datagram.agesMs[2 * record + (time.edge === "start" ? 0 : 1)] as number;
        const position = start + time.at;
        if (time.form === "uptime_ms") {
          // A flow cannot be older than the router's own uptime.
          bytes.writeUInt32BE(Math.max(0, uptimeMs - age) >>> 0, position);
        } else if (time.form === "milliseconds") {
          const ms = exportTimeMs - age;
          bytes.writeUInt32BE(Math.floor(ms / 4_294_967_296), position);
          bytes.writeUInt32BE(ms % 4_294_967_296, position + 4);
        } else if (time.form === "seconds") {
          bytes.writeUInt32BE(Math.floor((exportTimeMs - age) / 1000), position);
        } else {
          // RFC 7011 IE 158/159: microseconds before the export time of the header (whole seconds).
          bytes.writeUInt32BE(Math.min(0xffffffff, Math.max(0, age - (exportTimeMs % 1000)) * 1000), position);
        }
      }
    }
  }
}
