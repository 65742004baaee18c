import { zstdDecompressSync } from "node:zlib";
import { Fault } from "@v6meter/schemas";
import type { MessageValue } from "./port.ts";
import { readFrameHeader } from "./zstd-frame.ts";

/** Of node:zlib. */
const MIN_CHUNK_BYTES = 64;
/** Of a frame that does not tell its size. */
const CHUNK_BYTES = 1_048_576;
const MOST_CHUNK_BYTES = 67_108_864;

/**
 * The chunk size, in bytes, by which node:zlib unfolds a frame at once: into several it would copy them together. One
 * byte more than the content, or a second chunk is begun to learn that nothing follows.
 */
export function unfoldingChunkBytes(frame: Uint8Array): number {
  const contentBytes = readFrameHeader(frame)?.contentBytes ?? CHUNK_BYTES;
  return Math.min(Math.max(contentBytes, MIN_CHUNK_BYTES) + 1, MOST_CHUNK_BYTES);
}

/** Whether bytes begin a zstd frame that could be continued: no checksum behind it, no dictionary before it. */
export function isPlainFrame(bytes: Uint8Array): boolean {
  return readFrameHeader(bytes) !== null;
}

/** A value, unfolded where it is folded. Throws BUS_INVALID where that is damaged. */
export function contentOf({ value, contentBytes }: MessageValue): Uint8Array {
  if (contentBytes === undefined) return value;
  let content: Uint8Array;
  try {
    content = zstdDecompressSync(value, {
      maxOutputLength: Math.max(contentBytes, 1),
      chunkSize: unfoldingChunkBytes(value),
    });
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new Fault("BUS_INVALID", `A folded message of ${contentBytes} bytes cannot be unfolded: ${reason}.`, {
      cause,
    });
  }
  if (content.length === contentBytes) return content;
  throw new Fault("BUS_INVALID", `A folded message of ${contentBytes} bytes holds ${content.length}.`);
}
