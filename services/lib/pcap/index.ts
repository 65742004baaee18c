/** Captures as data: UDP datagrams out of pcap and pcapng files. Pure, no I/O. */
export { type Capture, readCapture } from "./capture.ts";
export { type CapturedDatagram, SKIP_REASONS, type SkipReason } from "./datagram.ts";
