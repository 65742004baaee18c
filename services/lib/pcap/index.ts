/** Captures as data: UDP datagrams out of pcap and pcapng files. Pure, no I/O. */
export { type Capture, type CapturedDatagram, readCapture, SKIP_REASONS, type SkipReason } from "./capture.ts";
