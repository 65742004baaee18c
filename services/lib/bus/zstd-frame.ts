/** Of RFC 8878 §3.1.1. */
const MAGIC = 0xfd2fb528;
const CHECKSUM_FLAG = 0x04;
const SINGLE_SEGMENT_FLAG = 0x20;
const FOUR_OCTET_SIZE_FLAG = 0x80;
const SIZE_OCTETS = [0, 2, 4, 8];
const BLOCK_HEADER_BYTES = 3;
const LAST_BLOCK = 1;
const RAW_BLOCK = 0;
const RLE_BLOCK = 1;

interface FrameHeader {
  /** Size of the header, magic number included. */
  readonly length: number;
  /** Window_Descriptor; null where the window is the whole content. */
  readonly window: number | null;
  /** Frame_Content_Size; null where it is not told. */
  readonly contentBytes: number | null;
}

/** RFC 8878 §3.1.1.1; null for what is no frame, or one with a checksum or a dictionary. */
export function readFrameHeader(frame: Uint8Array): FrameHeader | null {
  if (frame.length < 6) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const descriptor = view.getUint8(4);
  const dictionary = descriptor & 0x03;
  if (view.getUint32(0, true) !== MAGIC || descriptor & CHECKSUM_FLAG || dictionary) return null;
  const single = (descriptor & SINGLE_SEGMENT_FLAG) !== 0;
  const sizeOctets = SIZE_OCTETS[descriptor >> 6] || (single ? 1 : 0);
  const sizeAt = 5 + (single ? 0 : 1);
  if (frame.length < sizeAt + sizeOctets) return null;
  return {
    length: sizeAt + sizeOctets,
    window: single ? null : view.getUint8(5),
    contentBytes: readContentBytes(view, sizeAt, sizeOctets),
  };
}

/** RFC 8878 §3.1.1.1.4: of two octets the size is what stands there and 256. */
function readContentBytes(view: DataView, at: number, octets: number): number | null {
  if (octets === 0) return null;
  if (octets === 1) return view.getUint8(at);
  if (octets === 2) return view.getUint16(at, true) + 256;
  return octets === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

/** RFC 8878 §3.1.1.2: where the last block's header is. Throws a RangeError for blocks that run over the frame. */
function lastBlockAt(frame: Uint8Array, first: number): number {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  for (let at = first; ; ) {
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    const type = (header >> 1) & 0x03;
    const next = at + BLOCK_HEADER_BYTES + (type === RLE_BLOCK ? 1 : header >> 3);
    if (header & LAST_BLOCK) {
      if (next !== frame.length) throw new RangeError("bytes follow the frame, or it is cut short");
      return at;
    }
    at = next;
  }
}

function rawBlock(content: Uint8Array, isLast: boolean): Buffer {
  const block = Buffer.alloc(BLOCK_HEADER_BYTES + content.length);
  block.writeUIntLE((content.length << 3) | (RAW_BLOCK << 1) | (isLast ? LAST_BLOCK : 0), 0, BLOCK_HEADER_BYTES);
  block.set(content, BLOCK_HEADER_BYTES);
  return block;
}

/**
 * The pieces of a frame of `before`, the content of `frame` and `behind`, without compressing or copying: the blocks of
 * `frame` stay as they are, as what they refer to lies at the same distance. Its content has `contentBytes` bytes;
 * `before` and `behind` are small (128 KiB and the window at most). Throws a RangeError where the frame is damaged.
 */
export function wrapFrame(
  before: Uint8Array,
  frame: Uint8Array,
  contentBytes: number,
  behind: Uint8Array,
): Uint8Array[] {
  const header = readFrameHeader(frame);
  if (!header) throw new RangeError("it is no frame that can be wrapped");
  const { length, window } = header;
  const opening = Buffer.alloc(window === null ? 9 : 10);
  opening.writeUInt32LE(MAGIC, 0);
  opening[4] = FOUR_OCTET_SIZE_FLAG | (window === null ? SINGLE_SEGMENT_FLAG : 0);
  if (window !== null) opening[5] = window;
  opening.writeUInt32LE(before.length + contentBytes + behind.length, opening.length - 4);
  const lastAt = lastBlockAt(frame, length);
  const last = (frame[lastAt] as number) & ~LAST_BLOCK;
  return [
    Buffer.concat([opening, rawBlock(before, false)]),
    frame.subarray(length, lastAt),
    Uint8Array.of(last),
    frame.subarray(lastAt + 1),
    rawBlock(behind, true),
  ];
}
