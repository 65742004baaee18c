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

/** The bytes of a request's body, unpacked, never more than so many. Throws where it is larger or not what it says. */
export async function* unpackedBody(request: IncomingMessage, maxBytes: number): AsyncGenerator<Uint8Array> {
  const name = request.headers["content-encoding"]?.trim().toLowerCase() || "identity";
  const encoding = ENCODINGS.get(name);
  if (name !== "identity" && !encoding) {
    throw new SqlException(
      48,
      "NOT_IMPLEMENTED",
      `Content-Encoding ${name}: only gzip, zstd, br and deflate are taken.`,
    );
  }
  const source: Readable = encoding ? request.pipe(encoding.decode()) : request;
  if (encoding) request.once("error", (error) => source.destroy(error));
  let size = 0;
  try {
    for await (const chunk of source as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > maxBytes) {
        throw new SqlException(307, "TOO_MANY_BYTES", `The body of the request is larger than ${maxBytes} bytes.`);
      }
      yield chunk;
    }
  } catch (error) {
    if (error instanceof SqlException) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SqlException(
      27,
      "CANNOT_PARSE_INPUT_ASSERTION_FAILED",
      `The body of the request is cut or broken: ${reason}.`,
    );
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
