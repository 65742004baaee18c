import type { CapturedDatagram } from "@v6meter/pcap";

/** Offset of the seconds since 1970 in the header of each version: RFC 3954 §5.1, RFC 7011 §3.1 and Cisco's v1, v5, v7. */
const EXPORT_SECONDS_AT: Readonly<Record<number, number>> = { 1: 8, 5: 8, 7: 8, 9: 8, 10: 4 };

function secondsAt(payload: Uint8Array): number | null {
  if (payload.length < 2) return null;
  const at = EXPORT_SECONDS_AT[((payload[0] as number) << 8) | (payload[1] as number)];
  return at === undefined || payload.length < at + 4 ? null : at;
}

/** The export time in a datagram's header in seconds since 1970-01-01 UTC; null where it has none. */
export function exportSeconds(payload: Uint8Array): number | null {
  const at = secondsAt(payload);
  return at === null ? null : new DataView(payload.buffer, payload.byteOffset).getUint32(at);
}

/**
 * A copy of a datagram with its export time moved by whole seconds. sysUptime stays, so the exporter's
 * start and all flow times relative to it move along; absolute times inside records (IE 150-159, 160 and
 * the like) stay as captured, and so do relative times based on an IE 160.
 */
export function moved(payload: Uint8Array, seconds: number): Uint8Array {
  const copy = Uint8Array.from(payload);
  const at = secondsAt(copy);
  if (at === null) return copy;
  const view = new DataView(copy.buffer);
  view.setUint32(at, view.getUint32(at) + seconds);
  return copy;
}

/**
 * By how many seconds each exporter's times are moved, so that the last datagram of each carries the time
 * at which it is sent. Exporters of one capture may have had clocks of their own.
 *
 * @param sendMs when a datagram is sent, in milliseconds since 1970-01-01 UTC
 */
export function shifts(
  datagrams: readonly CapturedDatagram[],
  sendMs: (datagram: CapturedDatagram) => number,
): Map<string, number> {
  const shifts = new Map<string, number>();
  for (const datagram of datagrams) {
    const seconds = exportSeconds(datagram.payload);
    if (seconds !== null) shifts.set(datagram.source, Math.floor(sendMs(datagram) / 1_000) - seconds);
  }
  return shifts;
}
