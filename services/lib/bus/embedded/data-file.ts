import { appendFileSync, closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";

const DATA_FILE = "data.mdb";

// Layout of liblmdb as lmdb-js builds it: MDB_page_header of 24 bytes, then MDB_meta.
const MAGIC = 0xbeefc0de;
const MAGIC_AT = 24;
const PAGE_SIZE_AT = 48;
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;
const META_BYTES = 160;
const PAGE_SIZES = [4_096, 8_192, 16_384, 32_768, 65_536];

interface Meta {
  readonly pageBytes: number;
  readonly lastPage: number;
  readonly transaction: bigint;
}

function readMeta(file: number, at: number): Meta | null {
  const bytes = Buffer.alloc(META_BYTES);
  if (readSync(file, bytes, 0, META_BYTES, at) < META_BYTES || bytes.readUInt32LE(MAGIC_AT) !== MAGIC) return null;
  return {
    pageBytes: bytes.readUInt32LE(PAGE_SIZE_AT),
    lastPage: Number(bytes.readBigUInt64LE(LAST_PAGE_AT)),
    transaction: bytes.readBigUInt64LE(TRANSACTION_AT),
  };
}

/** Appends, as another process may be growing the file: its pages must neither be cut off nor overwritten. */
function appendZeros(path: string, count: number): void {
  const zeros = new Uint8Array(1 << 20);
  for (let left = count; left > 0; left -= zeros.length) appendFileSync(path, zeros.subarray(0, left));
}

/**
 * Looks at a bus's folder before lmdb maps its file: a map that reaches behind the end of a file that
 * was cut short would end the process with SIGBUS. Such a file is made as long as it says it is, with
 * zeros, which lmdb then reports as damage. Throws an Error that says what the folder is instead.
 */
export function checkDataFile(folder: string): void {
  if (!existsSync(folder)) return;
  if (!statSync(folder).isDirectory()) throw new Error("it is not a folder");
  const path = join(folder, DATA_FILE);
  if (!existsSync(path)) {
    const [other] = readdirSync(folder).filter((name) => name !== "lock.mdb");
    if (other !== undefined) throw new Error(`it holds other files (${other})`);
    return;
  }
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    // A process that was killed as it made the bus leaves an empty file behind.
    if (size === 0) return;
    const first = readMeta(file, 0);
    if (!first || !PAGE_SIZES.includes(first.pageBytes)) throw new Error(`${DATA_FILE} is not a bus's`);
    const second = readMeta(file, first.pageBytes);
    if (!second || second.pageBytes !== first.pageBytes) throw new Error(`${DATA_FILE} is damaged`);
    const last = first.transaction > second.transaction ? first : second;
    const told = (last.lastPage + 1) * last.pageBytes;
    if (!Number.isSafeInteger(told)) throw new Error(`${DATA_FILE} is damaged`);
    if (size < told) appendZeros(path, told - size);
  } finally {
    closeSync(file);
  }
}
