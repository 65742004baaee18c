import type { IncomingMessage } from "node:http";
import type { Readable, Transform } from "node:stream";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { SqlException } from "./exception.ts";

interface Encoding {
  readonly decode: () => Transform;
  readonly encode: (bytes: Uint8Array) => Promise<Buffer>;
}

const gzip = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gzip);
const deflate = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.deflate);
const zstd = promisify<Uint8Array, Buffer>(zlib.zstdCompress);
const brotli = promisify<Uint8Array, zlib.BrotliOptions, Buffer>(zlib.brotliCompress);

/** Content encodings, the preferred first. */
const ENCODINGS: ReadonlyMap<string, Encoding> = new Map([
  ["zstd", { decode: () => zlib.createZstdDecompress(), encode: (bytes) => zstd(bytes) }],
  ["gzip", { decode: () => zlib.createGunzip(), encode: (bytes) => gzip(bytes, { level: 3 }) }],
  [
    "br",
    {
      decode: () => zlib.createBrotliDecompress(),
      encode: (bytes) => brotli(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 } }),
    },
  ],
  ["deflate", { decode: () => zlib.createInflate(), encode: (bytes) => deflate(bytes, { level: 3 }) }],
]);

/** Content encodings that the engine unpacks as it reads a file. */
const ENGINES: ReadonlySet<string> = new Set(["lz4", "bz2", "xz", "snappy"]);

function encodingOf(request: IncomingMessage): string {
  return request.headers["content-encoding"]?.trim().toLowerCase() || "identity";
}

/** The encoding of a body that is left to the engine, or null: `unpackedBody` leaves such a body as it is. */
export function engineEncoding(request: IncomingMessage): string | null {
  const name = encodingOf(request);
  return ENGINES.has(name) ? name : null;
}

/**
 * The bytes of a request's body, unpacked, never more than so many. Throws where it is larger, cut off or
 * not what it says; the rest of it is then still unread.
 */
export async function* unpackedBody(request: IncomingMessage, maxBytes: number): AsyncGenerator<Uint8Array> {
  const name = encodingOf(request);
  const encoding = ENCODINGS.get(name);
  if (name !== "identity" && !encoding && !ENGINES.has(name)) {
    throw new SqlException(
      48,
      "NOT_IMPLEMENTED",
      `Content-Encoding ${name}: only zstd, gzip, br, deflate, lz4, bz2, xz and snappy are taken.`,
    );
  }
  const source: Readable = encoding ? request.pipe(encoding.decode()) : request;
  if (encoding) request.once("close", () => request.complete || source.destroy(new Error("the connection was closed")));
  let size = 0;
  try {
    for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > maxBytes) {
        throw new SqlException(307, "TOO_MANY_BYTES", `The body of the request is larger than ${maxBytes} bytes.`);
      }
      yield chunk;
    }
  } catch (error) {
    if (error instanceof SqlException) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SqlException(33, "CANNOT_READ_ALL_DATA", `The body of the request is cut off or broken: ${reason}.`);
  }
}

/** What a client that asked for compression takes, or null. */
export function chosenEncoding(request: IncomingMessage): string | null {
  const accepted = new Set(
    String(request.headers["accept-encoding"] ?? "")
      .split(",")
      .map((it) => it.trim().toLowerCase())
      .flatMap((it) => (/;\s*q=0(?:\.0*)?$/.test(it) ? [] : [it.replace(/\s*;.*/, "")])),
  );
  return [...ENCODINGS.keys()].find((name) => accepted.has(name)) ?? null;
}

/** Packs an answer. */
export async function packed(bytes: Uint8Array, encoding: string): Promise<Uint8Array> {
  const { encode } = ENCODINGS.get(encoding) ?? {};
  return encode ? encode(bytes) : bytes;
}
