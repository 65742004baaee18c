import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import { type Native, nativeFunctions } from "@v6meter/runtime";
import type { KafkaConfig } from "@v6meter/schemas";

const LEVEL = 1;
/** Smaller values are left to Kafka's client, who compresses several of them together. */
const FOLD_MIN_BYTES = 65_536;

/** Whether values are folded on their way through a collector's spool to Kafka. */
export const foldsInSpool = ({ brokers, spool_compression }: KafkaConfig): boolean =>
  brokers.length > 0 && spool_compression === "zstd";

/** A value as the bus is given it, see OutgoingMessage. */
export interface Folded {
  readonly value: Uint8Array;
  readonly contentBytes?: number;
}

/** Folds values, one after the other. */
export interface Folding {
  /**
   * The value as one zstd frame, in memory of `allocate`; what is small or cannot be made smaller stays as it is.
   * `content` must not change before it resolves.
   */
  fold(content: Uint8Array, allocate: (bytes: number) => Uint8Array): Promise<Folded>;
  /** Frees what it holds. */
  close(): void;
}

/** By zstd itself where it can be called, which reuses its memory, else by node:zlib, which makes garbage of it. */
export function createFolding(): Folding {
  const native = nativeFunctions(ZSTD);
  return native ? new NativeFolding(native) : new ZlibFolding();
}

const compress = promisify(zstdCompress);
/** Of flows a fifth is left; one chunk that holds it saves the codec a turn of the event loop and a copy. */
const EXPECTED_RATIO = 0.33;

/** Folding on the threads of Node's pool. */
export class ZlibFolding implements Folding {
  async fold(content: Uint8Array): Promise<Folded> {
    if (content.length < FOLD_MIN_BYTES) return { value: content };
    const options = {
      chunkSize: Math.ceil(content.length * EXPECTED_RATIO),
      params: { [constants.ZSTD_c_compressionLevel]: LEVEL },
    };
    // It fails for want of memory alone; whole, the value needs no more.
    const value = await compress(content, options).catch(() => content);
    return value.length < content.length ? { value, contentBytes: content.length } : { value: content };
  }

  close(): void {}
}

// zstd.h: sizes are 64 bits wide, a context is an address.
const ZSTD = {
  ZSTD_createCCtx: { arguments: [], return: "u64" },
  ZSTD_freeCCtx: { arguments: ["u64"], return: "u64" },
  ZSTD_CCtx_setParameter: { arguments: ["u64", "i32", "i32"], return: "u64" },
  ZSTD_CCtx_reset: { arguments: ["u64", "i32"], return: "u64" },
  ZSTD_CCtx_setPledgedSrcSize: { arguments: ["u64", "u64"], return: "u64" },
  ZSTD_compressStream2: { arguments: ["u64", "buffer", "buffer", "i32"], return: "u64" },
} as const;
const RESET_SESSION = 1;
/** ZSTD_c_stableInBuffer and ZSTD_c_stableOutBuffer: it reads and writes in place instead of by windows of its own. */
const IN_PLACE = [1_006, 1_007];
/** Compressed at a stretch; between two the event loop takes in datagrams. */
const SLICE_BYTES = 524_288;

/** Memory that zstd writes to or reads from: ZSTD_outBuffer and ZSTD_inBuffer are an address, a size and a position. */
class Region {
  readonly #struct = new BigUint64Array(3);
  readonly bytes = new Uint8Array(this.#struct.buffer);

  set(address: bigint, size: number, position: number): void {
    this.#struct[0] = address;
    this.#struct[1] = BigInt(size);
    this.#struct[2] = BigInt(position);
  }

  get position(): number {
    return Number(this.#struct[2]);
  }
}

class NativeFolding implements Folding {
  readonly #zstd: Native<typeof ZSTD>;
  readonly #from = new Region();
  readonly #to = new Region();
  #context = 0n;
  /** As large as the largest content; pages that were never written to are not there. */
  #scratch = new Uint8Array(0);
  #tail: Promise<unknown> = Promise.resolve();

  constructor(zstd: Native<typeof ZSTD>) {
    this.#zstd = zstd;
  }

  fold(content: Uint8Array, allocate: (bytes: number) => Uint8Array): Promise<Folded> {
    if (content.length < FOLD_MIN_BYTES) return Promise.resolve({ value: content });
    const folded = this.#tail.then(async (): Promise<Folded> => {
      const length = await this.#compress(content);
      if (length === null) return { value: content };
      const value = allocate(length);
      value.set(this.#scratch.subarray(0, length));
      return { value, contentBytes: content.length };
    });
    this.#tail = folded;
    return folded;
  }

  /** Compresses to the scratch memory; null where that holds no less. */
  async #compress(content: Uint8Array): Promise<number | null> {
    const { functions, addressOf } = this.#zstd;
    if (!this.#begin(content.length)) return null;
    if (this.#scratch.length < content.length) this.#scratch = new Uint8Array(content.length);
    const source = addressOf(content);
    const target = addressOf(this.#scratch);
    for (let written = 0, read = 0; ; ) {
      const until = Math.min(content.length, read + SLICE_BYTES);
      const operation = until === content.length ? constants.ZSTD_e_end : constants.ZSTD_e_continue;
      this.#from.set(source, until, read);
      this.#to.set(target, content.length, written);
      const left = functions.ZSTD_compressStream2(this.#context, this.#to.bytes, this.#from.bytes, operation);
      // Errors are negative, as numbers without a sign.
      if (BigInt.asIntN(64, left) < 0n) return null;
      written = this.#to.position;
      if (written === content.length) return null;
      read = this.#from.position;
      if (operation === constants.ZSTD_e_end && left === 0n) return written;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #begin(bytes: number): boolean {
    const { functions } = this.#zstd;
    if (this.#context === 0n) {
      this.#context = functions.ZSTD_createCCtx();
      if (this.#context === 0n) return false;
      functions.ZSTD_CCtx_setParameter(this.#context, constants.ZSTD_c_compressionLevel, LEVEL);
      for (const parameter of IN_PLACE) functions.ZSTD_CCtx_setParameter(this.#context, parameter, 1);
    }
    functions.ZSTD_CCtx_reset(this.#context, RESET_SESSION);
    functions.ZSTD_CCtx_setPledgedSrcSize(this.#context, BigInt(bytes));
    return true;
  }

  close(): void {
    if (this.#context !== 0n) this.#zstd.functions.ZSTD_freeCCtx(this.#context);
    this.#context = 0n;
  }
}
