/*
 * CityHash128 of CityHash 1.0.2, which ClickHouse puts before each compressed block. Later versions of
 * CityHash answer other numbers.
 */

const K0 = 0xc3a5c85c97cb3127n;
const K1 = 0xb492b66fbe98f273n;
const K2 = 0x9ae16a3b2f90404fn;
const K3 = 0xc949d7c7509e6557n;
const MUL = 0x9ddfea08eb382d69n;

type Pair = [low: bigint, high: bigint];

const u64 = (value: bigint) => BigInt.asUintN(64, value);
const rotate = (value: bigint, bits: bigint) => (value >> bits) | u64(value << (64n - bits));
const shiftMix = (value: bigint) => value ^ (value >> 47n);

function mixed(low: bigint, high: bigint): bigint {
  const a = shiftMix(u64((low ^ high) * MUL));
  const b = shiftMix(u64((high ^ a) * MUL));
  return u64(b * MUL);
}

class Words {
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.#view.byteLength;
  }

  u8(at: number): bigint {
    return BigInt(this.#view.getUint8(at));
  }

  u32(at: number): bigint {
    return BigInt(this.#view.getUint32(at, true));
  }

  u64(at: number): bigint {
    return this.#view.getBigUint64(at, true);
  }

  /** Thirty-two bytes and two seeds, weakly mixed. */
  weakly(at: number, first: bigint, second: bigint): Pair {
    const a = u64(first + this.u64(at));
    const b = rotate(u64(second + a + this.u64(at + 24)), 21n);
    const sum = u64(a + this.u64(at + 8) + this.u64(at + 16));
    return [u64(sum + this.u64(at + 24)), u64(b + rotate(sum, 44n) + a)];
  }
}

function upTo16(words: Words): bigint {
  const { length } = words;
  const size = BigInt(length);
  if (length > 8) {
    const [a, b] = [words.u64(0), words.u64(length - 8)];
    return mixed(a, rotate(u64(b + size), size)) ^ b;
  }
  if (length >= 4) return mixed(size + (words.u32(0) << 3n), words.u32(length - 4));
  if (length === 0) return K2;
  const y = words.u8(0) + (words.u8(length >> 1) << 8n);
  const z = size + (words.u8(length - 1) << 2n);
  return u64(shiftMix(u64(y * K2) ^ u64(z * K3)) * K2);
}

/** Fewer than 128 bytes. */
function murmur(words: Words, [low, high]: Pair): Pair {
  const { length } = words;
  let [a, b, c, d] = [low, high, 0n, 0n];
  if (length <= 16) {
    a = u64(shiftMix(u64(a * K1)) * K1);
    c = u64(b * K1 + upTo16(words));
    d = shiftMix(u64(a + (length >= 8 ? words.u64(0) : c)));
  } else {
    c = mixed(u64(words.u64(length - 8) + K1), a);
    d = mixed(u64(b + BigInt(length)), u64(c + words.u64(length - 16)));
    a = u64(a + d);
    for (let at = 0; at < length - 16; at += 16) {
      a = u64((a ^ u64(shiftMix(u64(words.u64(at) * K1)) * K1)) * K1);
      b ^= a;
      c = u64((c ^ u64(shiftMix(u64(words.u64(at + 8) * K1)) * K1)) * K1);
      d ^= c;
    }
  }
  a = mixed(a, c);
  b = mixed(d, b);
  return [a ^ b, mixed(b, a)];
}

function seeded(words: Words, seed: Pair): Pair {
  const { length } = words;
  if (length < 128) return murmur(words, seed);
  let [x, y] = seed;
  let z = u64(BigInt(length) * K1);
  const first = u64(rotate(y ^ K1, 49n) * K1 + words.u64(0));
  let v: Pair = [first, u64(rotate(first, 42n) * K1 + words.u64(8))];
  let w: Pair = [u64(rotate(u64(y + z), 35n) * K1 + x), u64(rotate(u64(x + words.u64(88)), 53n) * K1)];
  const end = length - (length % 128);
  for (let at = 0; at < end; at += 64) {
    x = u64(rotate(u64(x + y + v[0] + words.u64(at + 16)), 37n) * K1) ^ w[1];
    y = u64(rotate(u64(y + v[1] + words.u64(at + 48)), 42n) * K1) ^ v[0];
    z = rotate(z ^ w[0], 33n);
    v = words.weakly(at, u64(v[1] * K1), u64(x + w[0]));
    w = words.weakly(at + 32, u64(z + w[1]), y);
    [x, z] = [z, x];
  }
  y = u64(y + rotate(w[0], 37n) * K0 + z);
  x = u64(x + rotate(u64(v[0] + z), 49n) * K0);
  for (let done = 32; done < length - end + 32; done += 32) {
    const at = length - done;
    y = u64(rotate(u64(y - x), 42n) * K0 + v[1]);
    w = [u64(w[0] + words.u64(at + 16)), w[1]];
    x = u64(rotate(x, 49n) * K0 + w[0]);
    w = [u64(w[0] + v[0]), w[1]];
    v = words.weakly(at, v[0], v[1]);
  }
  x = mixed(x, v[0]);
  y = mixed(y, w[0]);
  return [u64(mixed(u64(x + v[1]), w[1]) + y), mixed(u64(x + w[1]), u64(y + v[1]))];
}

/** The hash of eight bytes or more, as two words of 64 bits. */
export function cityHash128(bytes: Uint8Array): Pair {
  const words = new Words(bytes);
  const { length } = words;
  if (length >= 16) return seeded(new Words(bytes.subarray(16)), [words.u64(0) ^ K3, words.u64(8)]);
  const size = u64(BigInt(length) * K0);
  return seeded(new Words(new Uint8Array(0)), [words.u64(0) ^ size, words.u64(length - 8) ^ K1]);
}
