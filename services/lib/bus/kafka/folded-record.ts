import { randomBytes } from "node:crypto";
import { wrapFrame } from "../zstd-frame.ts";

/*
 * kafkajs copies what it sends a dozen times on the way to the socket. So a folded value does not take that way: a token
 * stands for it in the message, the codec turns the record around the token into a placeholder for the compressed
 * records, and on the socket the value takes the placeholder's place.
 */

/** No other value begins with it. */
export const TOKEN_MARK = randomBytes(16);
const TOKEN_BYTES = TOKEN_MARK.length + 4;

/** Folded values on their way to the socket, by their token. */
export class FoldedValues {
  readonly #values = new Map<number, FoldedValue>();
  #last = 0;

  /** Takes a value in; the token stands for it until it is removed. */
  add(value: FoldedValue): Buffer {
    this.#last = (this.#last + 1) >>> 0;
    this.#values.set(this.#last, value);
    const token = Buffer.alloc(TOKEN_BYTES);
    token.set(TOKEN_MARK);
    token.writeUInt32BE(this.#last, TOKEN_MARK.length);
    return token;
  }

  remove(token: Buffer): void {
    this.#values.delete(token.readUInt32BE(TOKEN_MARK.length));
  }

  /**
   * What takes the place of a placeholder: the pieces of one zstd frame of the record with its value. Throws a
   * RangeError where the value is no frame or gone.
   */
  records(placeholder: Uint8Array): Uint8Array[] {
    const view = new DataView(placeholder.buffer, placeholder.byteOffset, placeholder.byteLength);
    const value = this.#values.get(view.getUint32(TOKEN_MARK.length));
    if (!value) throw new RangeError("a folded value was removed before it was sent");
    const beforeBytes = view.getUint32(TOKEN_BYTES);
    const rest = placeholder.subarray(TOKEN_BYTES + 4);
    const [opening, behind] = [rest.subarray(0, beforeBytes), rest.subarray(beforeBytes)];
    const { contentBytes } = value;
    const before = Buffer.concat([opening, varint(contentBytes)]);
    const length = varint(before.length + contentBytes + behind.length);
    return wrapFrame(Buffer.concat([length, before]), value.value, contentBytes, behind);
  }
}

export interface FoldedValue {
  readonly value: Uint8Array;
  readonly contentBytes: number;
}

/** Kafka's record format: integers in zigzag, then as Protocol Buffers' varints. */
class RecordReader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const octet = this.#bytes[this.at++];
      if (octet === undefined) throw new RangeError("a record is cut short");
      value += (octet & 0x7f) * factor;
      if (octet < 0x80) break;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Bytes with their length before them; of length -1, null's, none. */
  bytes(): Uint8Array {
    const length = Math.max(0, this.varint());
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
}

/** A varint of a number that is not negative. */
function varint(value: number): Buffer {
  const octets: number[] = [];
  let left = value * 2;
  for (; left >= 0x80; left = Math.floor(left / 128)) octets.push((left % 128) | 0x80);
  octets.push(left);
  return Buffer.from(octets);
}

/**
 * The placeholder for the records of a batch, as kafkajs encodes them, where they are one record whose value is a token:
 * the token, then what stands before and behind the value. Null for all others.
 */
export function placeholderFor(records: Uint8Array): Buffer | null {
  const reader = new RecordReader(records);
  const length = reader.varint();
  const bodyAt = reader.at;
  if (bodyAt + length !== records.length) return null;
  reader.at++; // Attributes.
  reader.varint(); // Delta of the time,
  reader.varint(); // and of the offset.
  reader.bytes();
  const before = records.subarray(bodyAt, reader.at);
  const value = reader.bytes();
  if (value.length !== TOKEN_BYTES || !TOKEN_MARK.equals(value.subarray(0, TOKEN_MARK.length))) return null;
  const beforeBytes = Buffer.alloc(4);
  beforeBytes.writeUInt32BE(before.length);
  return Buffer.concat([value, beforeBytes, before, records.subarray(reader.at)]);
}
