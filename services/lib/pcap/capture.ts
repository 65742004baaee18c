import { Fault } from "@v6meter/schemas";
import type { Frame } from "./frame.ts";
import { networkPacket } from "./link.ts";
import { isPcap, readPcap } from "./pcap.ts";
import { isPcapng, readPcapng } from "./pcapng.ts";
import { readUdp } from "./udp.ts";

/** One UDP datagram of a capture. */
export interface CapturedDatagram {
  /** Address it was sent from: dotted quad or RFC 5952 text. */
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** The UDP payload, a view of the capture's bytes (nothing is copied). */
  readonly payload: Uint8Array;
  /**
   * When the frame was captured, in milliseconds since 1970-01-01 UTC with the file's own fraction. A
   * pcapng Simple Packet Block has no time: it takes that of the frame before it, 0 for the first.
   */
  readonly atMs: number;
}

/** Why a frame of a capture gives no datagram. */
export const SKIP_REASONS = {
  link_type_unknown: "the frame's link type is not read",
  frame_short: "the frame ends inside its link, IP or UDP header",
  not_ip: "the frame carries neither IPv4 nor IPv6",
  not_udp: "the packet is not UDP",
  fragment: "the packet is a fragment; fragments are not put together",
  ip_malformed: "a length in an IP or UDP header contradicts the others",
  snapped: "the capture kept only the beginning of the datagram",
  file_cut: "the file ends inside this frame's record",
} as const;
/** A key of SKIP_REASONS. */
export type SkipReason = keyof typeof SKIP_REASONS;

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
