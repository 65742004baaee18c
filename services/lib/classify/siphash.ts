/** What of the WebAssembly JavaScript API is used; the types of Node do not tell it, those of browsers would bring all else. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (
    module: object,
  ) => {
    readonly exports: { readonly memory: { readonly buffer: ArrayBuffer }; readonly hash: (end: number) => void };
  };
};

// Where things lie in the memory of the module, in bytes.
const KEY = 0;
const HASH = 16;
const MESSAGE = 24;
const PAGE_BYTES = 65_536;

/** Instructions of WebAssembly (Core Specification, section 5.4). */
const code = {
  get: (local: number) => [0x20, local],
  set: (local: number) => [0x21, local],
  load: (address: number, offset: number) => [0x20, address, 0x29, 3, offset],
  constant: (value: bigint) => [0x42, ...signedLeb128(value)],
  constant32: (value: number) => [0x41, value],
  add: [0x7c],
  add32: [0x6a],
  xor: [0x85],
  rotateLeft: [0x89],
  isBelow32: [0x49],
  loop: (body: number[]) => [0x03, 0x40, ...body, 0x0b],
  repeatIf: [0x0d, 0],
  store: (offset: number) => [0x37, 3, offset],
} as const;

/** An integer in groups of seven bits, lowest first; the last one tells the sign. */
function signedLeb128(value: bigint): number[] {
  const octets: number[] = [];
  for (let left = BigInt.asIntN(64, value); ; left >>= 7n) {
    const octet = Number(left & 0x7fn);
    if (left >> 6n === 0n || left >> 6n === -1n) return [...octets, octet];
    octets.push(octet | 0x80);
  }
}

// Locals: where the message's blocks end, where the block at hand lies, the four words of the state, the block.
const [END, AT, V0, V1, V2, V3, BLOCK] = [0, 1, 2, 3, 4, 5, 6] as const;
const { get, set, load, constant, constant32, add, add32, xor, rotateLeft, isBelow32, loop, repeatIf, store } = code;

const xorInto = (local: number, value: number[]) => [...get(local), ...value, ...xor, ...set(local)];
const rotated = (local: number, bits: bigint) => [...get(local), ...constant(bits), ...rotateLeft];
/** a += b; b = (b <<< bits) ^ a: half of the SipRound's adding, rotating and xoring. */
const mix = (a: number, b: number, bits: bigint) => [
  ...[...get(a), ...get(b), ...add, ...set(a)],
  ...[...rotated(b, bits), ...get(a), ...xor, ...set(b)],
];
const turn = (local: number) => [...rotated(local, 32n), ...set(local)];
/** The SipRound of the paper's figure 2.1. */
const round = [
  ...[...mix(V0, V1, 13n), ...mix(V2, V3, 16n), ...turn(V0)],
  ...[...mix(V0, V3, 21n), ...mix(V2, V1, 17n), ...turn(V2)],
];
const begin = (local: number, key: number, value: bigint) => [
  ...[...constant32(0), 0x29, 3, key, ...constant(value), ...xor],
  ...set(local),
];

const BODY = [
  ...begin(V0, KEY, 0x736f6d6570736575n),
  ...begin(V1, KEY + 8, 0x646f72616e646f6dn),
  ...begin(V2, KEY, 0x6c7967656e657261n),
  ...begin(V3, KEY + 8, 0x7465646279746573n),
  ...loop([
    ...[...load(AT, MESSAGE), ...set(BLOCK), ...xorInto(V3, get(BLOCK))],
    ...[...round, ...round, ...xorInto(V0, get(BLOCK))],
    ...[...get(AT), ...constant32(8), ...add32, ...set(AT)],
    ...[...get(AT), ...get(END), ...isBelow32, ...repeatIf],
  ]),
  ...xorInto(V2, constant(0xffn)),
  ...[...round, ...round, ...round, ...round],
  ...[...constant32(0), ...get(V0), ...get(V1), ...xor, ...get(V2), ...xor, ...get(V3), ...xor, ...store(HASH)],
  0x0b,
];

/** Names and vectors begin with their length, which is below 2^14 here. */
const sized = (bytes: number[]) => [(bytes.length & 0x7f) | 0x80, bytes.length >> 7, ...bytes];
const named = (text: string) => sized([...Buffer.from(text)]);
const [I32, I64] = [0x7f, 0x7e];

/** A module of one memory and one function, `hash`, of the end of the message's blocks. */
const MODULE = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, ...sized([1, 0x60, 1, I32, 0])],
  ...[3, ...sized([1, 0])],
  ...[5, ...sized([1, 1, 1, 1])],
  ...[7, ...sized([2, ...named("memory"), 2, 0, ...named("hash"), 0, 0])],
  ...[10, ...sized([1, ...sized([2, 1, I32, 5, I64, ...BODY])])],
]);

const { memory, hash } = new WebAssembly.Instance(new WebAssembly.Module(MODULE)).exports;
const octets = new Uint8Array(memory.buffer);
const words = new Uint32Array(memory.buffer);

/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012) of `length` bytes, up to 65,528 less what stands before them. The key is
 * 16 bytes as four little-endian words; the result's low word goes to out[0], its high word to out[1]. In
 * WebAssembly, whose integers have the 64 bits that it computes with. Allocates nothing.
 */
export function sipHash24(key: Uint32Array, bytes: Uint8Array, length: number, out: Uint32Array): void {
  // Whole blocks, and one that ends in the length.
  const end = (length & ~7) + 8;
  if (MESSAGE + end > PAGE_BYTES) throw new RangeError(`A message of ${length} bytes is too long to be hashed.`);
  for (let word = 0; word < 4; word++) words[word] = key[word] as number;
  const last = (MESSAGE + end - 8) >> 2;
  words[last] = 0;
  words[last + 1] = 0;
  for (let i = 0; i < length; i++) octets[MESSAGE + i] = bytes[i] as number;
  octets[MESSAGE + end - 1] = length;
  hash(end);
  out[0] = words[HASH >> 2] as number;
  out[1] = words[(HASH >> 2) + 1] as number;
}
