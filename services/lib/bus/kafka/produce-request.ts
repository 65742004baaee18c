import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ISocketFactory } from "kafkajs";
import { crc32c } from "./crc32c.ts";
import { type FoldedValues, TOKEN_MARK } from "./folded-record.ts";

const PRODUCE = 0;
/** Versions of Produce whose requests are laid out alike; kafkajs knows none above. */
const VERSIONS = { min: 3, max: 8 };

// Of a record batch (Kafka's message format, version 2): where its fields are.
const BATCH_LENGTH_AT = 8;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const RECORDS_AT = 61;
/** Its length is counted from behind the length. */
const LENGTH_FROM = 12;

const KEEP_ALIVE_DELAY_MS = 60_000;

/** Reads a request from its beginning. */
class RequestReader {
  readonly #request: Buffer;
  at = 0;

  constructor(request: Buffer) {
    this.#request = request;
  }

  i16(): number {
    this.at += 2;
    return this.#request.readInt16BE(this.at - 2);
  }

  i32(): number {
    this.at += 4;
    return this.#request.readInt32BE(this.at - 4);
  }

  /** Passes over a string, which may be null. */
  passString(): void {
    const length = this.i16();
    this.at += Math.max(0, length);
  }
}

/** A record batch whose records are a placeholder, with the records themselves: its pieces. */
function batchOf(placeheld: Buffer, values: FoldedValues): Uint8Array[] {
  const head = Buffer.from(placeheld.subarray(0, RECORDS_AT));
  const records = values.records(placeheld.subarray(RECORDS_AT));
  const bytes = records.reduce((sum, { length }) => sum + length, 0);
  head.writeInt32BE(RECORDS_AT + bytes - LENGTH_FROM, BATCH_LENGTH_AT);
  head.writeUInt32BE(crc32c([head.subarray(ATTRIBUTES_AT), ...records]), CRC_AT);
  return [head, ...records];
}

/**
 * The pieces of a Produce request, with folded values in the places that are held for them; the request itself where
 * there are none. Throws a RangeError where it is not laid out as it must be.
 */
export function withFoldedValues(request: Buffer, values: FoldedValues): Uint8Array[] {
  if (!request.includes(TOKEN_MARK)) return [request];
  const reader = new RequestReader(request);
  reader.i32();
  const [api, version] = [reader.i16(), reader.i16()];
  if (api !== PRODUCE || version < VERSIONS.min || version > VERSIONS.max)
    throw new RangeError(`folded values go by Produce ${VERSIONS.min} to ${VERSIONS.max}, not by ${api} ${version}`);
  reader.i32(); // Correlation.
  reader.passString(); // Client.
  reader.passString(); // Transaction.
  reader.i16(); // Acks.
  reader.i32(); // Timeout.
  const pieces: Uint8Array[] = [];
  let copied = 0;
  let grown = 0;
  for (let topics = reader.i32(); topics > 0; topics--) {
    reader.passString();
    for (let partitions = reader.i32(); partitions > 0; partitions--) {
      reader.i32();
      const lengthAt = reader.at;
      const length = reader.i32();
      const batch = request.subarray(reader.at, reader.at + length);
      reader.at += length;
      if (!batch.subarray(RECORDS_AT, RECORDS_AT + TOKEN_MARK.length).equals(TOKEN_MARK)) continue;
      const whole = batchOf(batch, values);
      const wholeLength = Buffer.alloc(4);
      const bytes = whole.reduce((sum, piece) => sum + piece.length, 0);
      wholeLength.writeInt32BE(bytes);
      pieces.push(request.subarray(copied, lengthAt), wholeLength, ...whole);
      copied = reader.at;
      grown += bytes - length;
    }
  }
  pieces.push(request.subarray(copied));
  const size = Buffer.alloc(4);
  size.writeInt32BE(request.readInt32BE(0) + grown);
  pieces[0] = (pieces[0] as Uint8Array).subarray(size.length);
  return [size, ...pieces];
}

/** Makes kafkajs's sockets as it would, but that folded values are sent in the places that are held for them. */
export function foldedSockets(values: FoldedValues): ISocketFactory {
  return ({ host, port, ssl, onConnect }) => {
    const name = isIP(host) ? {} : { servername: host };
    const socket: Socket = ssl
      ? connectTls({ host, port, ...name, ...ssl }, onConnect)
      : connectTcp({ host, port }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
    const write = socket.write.bind(socket);
    socket.write = ((data: Buffer, ...rest: []) => {
      const pieces = withFoldedValues(data, values);
      if (pieces.length === 1) return write(data, ...rest);
      socket.cork();
      const flows = pieces.map((piece) => write(piece)).at(-1) ?? true;
      socket.uncork();
      return flows;
    }) as typeof socket.write;
    return socket;
  };
}
