import { Fault } from "@v6meter/schemas";
import type { CapturedDatagram, SkipReason } from "./datagram.ts";
import type { Frame } from "./frame.ts";
import { networkPacket } from "./link.ts";
import { isPcap, readPcap } from "./pcap.ts";
import { isPcapng, readPcapng } from "./pcapng.ts";
import { readUdp } from "./udp.ts";

/** What a capture file holds: its UDP datagrams in file order, and how many frames gave none. */
export interface Capture {
  readonly datagrams: readonly CapturedDatagram[];
  /** Frames that gave no datagram, by reason; only reasons that occurred. */
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>;
}

/**
 * Reads a classic pcap (either byte order, micro- or nanoseconds) or a pcapng file. Frames that are not
 * whole UDP datagrams over IPv4 or IPv6 are counted in `skipped`.
 *
 * @throws Fault CAPTURE_UNREADABLE with the file offset and the reason when the bytes are neither format
 *   or their structure is broken; a file that merely ends inside its last record is read up to there.
 */
export function readCapture(bytes: Uint8Array): Capture {
  const datagrams: CapturedDatagram[] = [];
  const skipped: Partial<Record<SkipReason, number>> = {};
  for (const frame of framesOf(bytes)) {
    const datagram = readFrame(frame);
    if (typeof datagram === "string") skipped[datagram] = (skipped[datagram] ?? 0) + 1;
    else datagrams.push(datagram);
  }
  return { datagrams, skipped };
}

function framesOf(bytes: Uint8Array): Iterable<Frame> {
  if (isPcapng(bytes)) return readPcapng(bytes);
  if (isPcap(bytes)) return readPcap(bytes);
  const found = bytes.length === 0 ? "is empty" : `begins with ${Buffer.from(bytes.subarray(0, 4)).toString("hex")}`;
  throw new Fault("CAPTURE_UNREADABLE", `Offset 0: the file ${found}; a pcap or pcapng file is expected.`);
}

function readFrame(frame: Frame): CapturedDatagram | SkipReason {
  if (frame.cut) return "file_cut";
  const packet = networkPacket(frame.linkType, frame.bytes);
  if (typeof packet === "string") return packet;
  const datagram = readUdp(packet);
  return typeof datagram === "string" ? datagram : { ...datagram, atMs: frame.atMs };
}
