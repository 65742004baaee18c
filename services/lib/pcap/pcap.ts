import { Fault } from "@v6meter/schemas";
import { type Frame, MAX_FRAME_BYTES } from "./frame.ts";
import { viewOf } from "./octets.ts";

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;

function layoutOf(view: DataView): { little: boolean; fractionsPerMs: number } | null {
  if (view.byteLength < 4) return null;
  for (const little of [true, false]) {
    const magic = view.getUint32(0, little);
    if (magic === MAGIC_MICROSECONDS) return { little, fractionsPerMs: 1_000 };
    if (magic === MAGIC_NANOSECONDS) return { little, fractionsPerMs: 1_000_000 };
  }
  return null;
}

/** True where the bytes begin with one of the four magic numbers of classic pcap (draft-ietf-opsawg-pcap §4). */
export function isPcap(bytes: Uint8Array): boolean {
  return layoutOf(viewOf(bytes)) !== null;
}

/** The frames of a classic pcap file (draft-ietf-opsawg-pcap §4 and §5). Throws Fault CAPTURE_UNREADABLE. */
export function* readPcap(bytes: Uint8Array): Generator<Frame> {
  const view = viewOf(bytes);
  const layout = layoutOf(view);
  if (layout === null || bytes.length < FILE_HEADER_BYTES)
    throw new Fault(
      "CAPTURE_UNREADABLE",
      `Offset 0: the pcap file header needs ${FILE_HEADER_BYTES} bytes, the file has ${bytes.length}.`,
    );
  const { little, fractionsPerMs } = layout;
  // The upper 16 bits hold the length of a frame check sequence, which no IP length counts.
  const linkType = view.getUint32(20, little) & 0xffff;

  let at = FILE_HEADER_BYTES;
  while (at < bytes.length) {
    if (at + RECORD_HEADER_BYTES > bytes.length) {
      yield { linkType, atMs: 0, bytes: bytes.subarray(at), cut: true };
      return;
    }
    const atMs = view.getUint32(at, little) * 1_000 + view.getUint32(at + 4, little) / fractionsPerMs;
    const capturedBytes = view.getUint32(at + 8, little);
    if (capturedBytes > MAX_FRAME_BYTES)
      throw new Fault(
        "CAPTURE_UNREADABLE",
        `Offset ${at}: a record announces ${capturedBytes} bytes; at most ${MAX_FRAME_BYTES} are possible.`,
      );
    const start = at + RECORD_HEADER_BYTES;
    at = start + capturedBytes;
    yield { linkType, atMs, bytes: bytes.subarray(start, at), cut: at > bytes.length };
  }
}
