import type { Socket } from "node:dgram";
import { type Native, nativeFunctions } from "@v6meter/runtime";
import { addressText } from "@v6meter/schemas";
import { ownSocketFiles } from "./own.ts";
import { readUdpSockets } from "./udp-table.ts";

/** Called with a datagram, whose bytes are the caller's again when it returns, and with who sent it. */
export type OnDatagram = (payload: Uint8Array, address: string, port: number) => void;

/** Reads a bound address instead of Node's socket. */
export interface BatchReader {
  /** From now on what arrives is lost, but the address stays taken. */
  ignore(): void;
  close(): void;
}

const LIBC = {
  dup: { arguments: ["i32"], return: "i32" },
  close: { arguments: ["i32"], return: "i32" },
  recvmmsg: { arguments: ["i32", "buffer", "u32", "i32", "u64"], return: "i32" },
} as const;

const BATCH = 64;
/** Any datagram: none is cut off. Pages that no datagram reaches take no memory. */
const SLOT_BYTES = 65_536;
const MSG_DONTWAIT = 0x40;
/** Batches read at a stretch, before the event loop has its turn. */
const BATCHES_A_TURN = 16;
/** While datagrams come; they wait in the kernel's buffer so long. */
const BUSY_POLL_MS = 1;
const IDLE_POLL_MS = 5;
/** Empty reads after which nothing is expected soon. */
const IDLE_AFTER = 200;
/** Senders whose address is known as text; beyond it the memory starts anew. */
const REMEMBERED = 65_536;

// struct mmsghdr, sockaddr_in and sockaddr_in6 of 64-bit Linux, and the words of 8 and 4 bytes in them.
const HEADER_WORDS = 8;
const HEADER_HALVES = 16;
const WORD = { name: 0, iov: 2, iovLength: 3 } as const;
const HALF = { nameLength: 2, length: 14 } as const;
const NAME_BYTES = 28;
const AF_INET = 2;
const MAPPED_AT = 10;

/** The memory of one recvmmsg: as many slots for datagrams and addresses, and the headers that point there. */
class Slots {
  readonly data = new Uint8Array(BATCH * SLOT_BYTES);
  readonly names = new Uint8Array(BATCH * NAME_BYTES);
  readonly #vectors = new BigUint64Array(2 * BATCH);
  readonly #words = new BigUint64Array(HEADER_WORDS * BATCH);
  readonly #halves = new Uint32Array(this.#words.buffer);
  readonly headers = new Uint8Array(this.#words.buffer);

  constructor(addressOf: (memory: ArrayBufferView) => bigint) {
    const [data, names, vectors] = [addressOf(this.data), addressOf(this.names), addressOf(this.#vectors)];
    for (let i = 0; i < BATCH; i++) {
      this.#vectors[2 * i] = data + BigInt(i * SLOT_BYTES);
      this.#vectors[2 * i + 1] = BigInt(SLOT_BYTES);
      this.#words[HEADER_WORDS * i + WORD.name] = names + BigInt(i * NAME_BYTES);
      this.#words[HEADER_WORDS * i + WORD.iov] = vectors + BigInt(16 * i);
      this.#words[HEADER_WORDS * i + WORD.iovLength] = 1n;
    }
    this.reset(BATCH);
  }

  /** The kernel writes how long an address was where it was told how long one may be. */
  reset(count: number): void {
    for (let i = 0; i < count; i++) this.#halves[HEADER_HALVES * i + HALF.nameLength] = NAME_BYTES;
  }

  lengthOf(slot: number): number {
    return this.#halves[HEADER_HALVES * slot + HALF.length] as number;
  }
}

/** Texts of addresses as the kernel writes them. */
class Names {
  readonly #bytes: Buffer;
  readonly #texts = new Map<number | string, string>();

  constructor(names: Uint8Array) {
    this.#bytes = Buffer.from(names.buffer, names.byteOffset, names.byteLength);
  }

  portAt(at: number): number {
    return this.#bytes.readUInt16BE(at + 2);
  }

  textAt(at: number): string {
    const isV4 = this.#bytes.readUInt16LE(at) === AF_INET;
    const key = isV4 ? this.#bytes.readUInt32LE(at + 4) : this.#bytes.toString("latin1", at + 8, at + 24);
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    const address = new Uint8Array(16);
    if (isV4) {
      address.fill(0xff, MAPPED_AT, MAPPED_AT + 2);
      address.set(this.#bytes.subarray(at + 4, at + 8), MAPPED_AT + 2);
    } else address.set(this.#bytes.subarray(at + 8, at + 24));
    if (this.#texts.size >= REMEMBERED) this.#texts.clear();
    const text = addressText(address);
    this.#texts.set(key, text);
    return text;
  }
}

/**
 * Takes a bound socket over, closing it, and reads its datagrams many at a time (recvmmsg), by looking for them:
 * Node's socket reads each by itself and makes objects of it. Null, with the socket as it was, where the system has
 * no such calls (nativeFunctions) or does not tell the socket's file.
 */
export function readInBatches(socket: Socket, onDatagram: OnDatagram): BatchReader | null {
  const libc = nativeFunctions(LIBC);
  const file = libc && fileOf(socket);
  if (!libc || file === null) return null;
  const own = libc.functions.dup(file);
  if (own < 0) return null;
  socket.close();
  return new PollingReader(libc, own, onDatagram);
}

/** The number of the socket's file; null where another socket of this process has the same address. */
function fileOf(socket: Socket): number | null {
  const { address, port } = socket.address();
  const bound = (readUdpSockets() ?? []).filter(
    ({ local, connected }) => !connected && local.host === address && local.port === port,
  );
  const inodes = new Set(bound.map(({ inode }) => inode));
  const files = [...ownSocketFiles()].filter(([, inode]) => inodes.has(inode)).map(([number]) => number);
  return files.length === 1 ? (files[0] as number) : null;
}

class PollingReader implements BatchReader {
  readonly #libc: Native<typeof LIBC>;
  readonly #file: number;
  readonly #slots: Slots;
  readonly #names: Names;
  #onDatagram: OnDatagram;
  #empty = 0;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  #closed = false;

  constructor(libc: Native<typeof LIBC>, file: number, onDatagram: OnDatagram) {
    this.#libc = libc;
    this.#file = file;
    this.#onDatagram = onDatagram;
    this.#slots = new Slots(libc.addressOf);
    this.#names = new Names(this.#slots.names);
    this.#turn = setImmediate(() => this.#read());
  }

  #read(): void {
    for (let batches = 0; batches < BATCHES_A_TURN; batches++) {
      const count = this.#libc.functions.recvmmsg(this.#file, this.#slots.headers, BATCH, MSG_DONTWAIT, 0n);
      this.#empty = count > 0 ? 0 : this.#empty + 1;
      if (count > 0) this.#give(count);
      if (this.#closed) return;
      if (count < BATCH) {
        this.#timer = setTimeout(() => this.#read(), this.#empty > IDLE_AFTER ? IDLE_POLL_MS : BUSY_POLL_MS);
        return;
      }
    }
    this.#turn = setImmediate(() => this.#read());
  }

  #give(count: number): void {
    const slots = this.#slots;
    for (let slot = 0; slot < count && !this.#closed; slot++) {
      const at = slot * SLOT_BYTES;
      const payload = slots.data.subarray(at, at + slots.lengthOf(slot));
      const nameAt = slot * NAME_BYTES;
      this.#onDatagram(payload, this.#names.textAt(nameAt), this.#names.portAt(nameAt));
    }
    slots.reset(count);
  }

  ignore(): void {
    this.#onDatagram = () => {};
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    this.#libc.functions.close(this.#file);
  }
}
