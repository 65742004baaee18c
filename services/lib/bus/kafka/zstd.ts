import { promisify } from "node:util";
import { type ZstdOptions, zstdCompress, zstdDecompress } from "node:zlib";
import kafkajs from "kafkajs";
import { unfoldingChunkBytes } from "../folded.ts";
import { placeholderFor } from "./folded-record.ts";

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** Large, or every step of the asynchronous codec is a round trip to a thread. */
const CHUNK_BYTES = 1_048_576;
const SMALL_CHUNK_BYTES = 1_024;
/** Of one record batch: a few bytes that unfold to more are an attack or damage. */
const DECOMPRESSED_MAX_BYTES = 1_073_741_824;

/** Most batches are a position of some bytes: with the size told, the codec takes no megabytes for them. */
function memoryFor(bytes: number): ZstdOptions {
  return { chunkSize: Math.min(CHUNK_BYTES, Math.max(SMALL_CHUNK_BYTES, bytes)), pledgedSrcSize: bytes };
}

interface Encoder {
  readonly buffer: Buffer;
}

/** Gives kafkajs the codec that Kafka calls zstd (KIP-110), by node:zlib; what is folded is not compressed again. */
export function registerZstd(): void {
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
    compress: async ({ buffer }: Encoder) => placeholderFor(buffer) ?? compress(buffer, memoryFor(buffer.length)),
    decompress: (buffer: Buffer) =>
      decompress(buffer, { chunkSize: unfoldingChunkBytes(buffer), maxOutputLength: DECOMPRESSED_MAX_BYTES }),
  });
}
