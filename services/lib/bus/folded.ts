import { zstdDecompressSync } from "node:zlib";
import { Fault } from "@v6meter/schemas";
import type { MessageValue } from "./port.ts";
import { readFrameHeader } from "./zstd-frame.ts";

const CHUNK_BYTES = 1_048_576;

/** Whether bytes begin a zstd frame that could be continued: no checksum behind it, no dictionary before it. */
export function isPlainFrame(bytes: Uint8Array): boolean {
  return readFrameHeader(bytes) !== null;
}

/** A value, unfolded where it is folded. Throws BUS_INVALID where that is damaged. */
export function contentOf({ value, contentBytes }: MessageValue): Uint8Array {
  if (contentBytes === undefined) return value;
  let content: Uint8Array;
  try {
    content = zstdDecompressSync(value, { maxOutputLength: Math.max(contentBytes, 1), chunkSize: CHUNK_BYTES });
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new Fault("BUS_INVALID", `A folded message of ${contentBytes} bytes cannot be unfolded: ${reason}.`, {
      cause,
    });
  }
  if (content.length === contentBytes) return content;
  throw new Fault("BUS_INVALID", `A folded message of ${contentBytes} bytes holds ${content.length}.`);
}
