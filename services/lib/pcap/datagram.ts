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
