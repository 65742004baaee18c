import { setImmediate } from "node:timers/promises";
import { cityHash128 } from "./city-hash.ts";

/*
 * ClickHouse's own compressed stream, which drivers ask for by compress=1. A block is
 *   checksum (16 bytes, of what follows) | method | size with this header (u32) | size unpacked (u32) | data
 */

const BLOCK_BYTES = 65_536;
const CHECKSUM_BYTES = 16;
const HEADER_BYTES = 9;
/** LZ4, the only method every driver reads. */
const METHOD_LZ4 = 0x82;

/** One sequence of literals: valid LZ4 that is as large as what it holds. */
function literals(bytes: Uint8Array): Uint8Array {
  const token = Math.min(bytes.length, 15) << 4;
  if (bytes.length < 15) return Buffer.concat([Buffer.of(token), bytes]);
  const rest = bytes.length - 15;
  const lengths = Buffer.alloc(Math.floor(rest / 255) + 1, 255);
  lengths[lengths.length - 1] = rest % 255;
  return Buffer.concat([Buffer.of(token), lengths, bytes]);
}

function block(bytes: Uint8Array): Uint8Array {
  const data = literals(bytes);
  const framed = Buffer.alloc(CHECKSUM_BYTES + HEADER_BYTES + data.length);
  framed.writeUInt8(METHOD_LZ4, CHECKSUM_BYTES);
  framed.writeUInt32LE(HEADER_BYTES + data.length, CHECKSUM_BYTES + 1);
  framed.writeUInt32LE(bytes.length, CHECKSUM_BYTES + 5);
  framed.set(data, CHECKSUM_BYTES + HEADER_BYTES);
  const [low, high] = cityHash128(framed.subarray(CHECKSUM_BYTES));
  framed.writeBigUInt64LE(low, 0);
  framed.writeBigUInt64LE(high, 8);
  return framed;
}

/** Bytes as ClickHouse's stream of blocks: checksummed, not made smaller. */
export async function blockStream(bytes: Uint8Array): Promise<Uint8Array> {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    blocks.push(block(bytes.subarray(at, at + BLOCK_BYTES)));
    // A checksum takes a millisecond: others have their turn between two of them.
    await setImmediate();
  }
  return Buffer.concat(blocks);
}
