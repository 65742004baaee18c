/** CRC-32C (RFC 3720 §12.1), its bits reversed. */
const POLYNOMIAL = 0x82f63b78;
const STRIDE = 8;

/** Eight tables (slicing-by-8): the i-th moves a byte's remainder i bytes further. */
function makeTables(): Int32Array {
  const tables = new Int32Array(STRIDE * 256);
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
    tables[byte] = remainder;
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256] as number;
    tables[at] = (before >>> 8) ^ (tables[before & 0xff] as number);
  }
  return tables;
}

const TABLES = makeTables();

/** The CRC-32C of pieces that follow one another. */
export function crc32c(pieces: readonly Uint8Array[]): number {
  let crc = -1;
  for (const piece of pieces) crc = update(crc, piece);
  return ~crc >>> 0;
}

function update(before: number, bytes: Uint8Array): number {
  const t = TABLES;
  const whole = bytes.length - (bytes.length % STRIDE);
  let crc = before;
  let at = 0;
  for (; at < whole; at += STRIDE) {
    const b = bytes as Uint8Array & Record<number, number>;
    crc ^=
      (b[at] as number) | ((b[at + 1] as number) << 8) | ((b[at + 2] as number) << 16) | ((b[at + 3] as number) << 24);
    crc =
      (t[1792 + (crc & 0xff)] as number) ^
      (t[1536 + ((crc >>> 8) & 0xff)] as number) ^
      (t[1280 + ((crc >>> 16) & 0xff)] as number) ^
      (t[1024 + (crc >>> 24)] as number) ^
      (t[768 + (b[at + 4] as number)] as number) ^
      (t[512 + (b[at + 5] as number)] as number) ^
      (t[256 + (b[at + 6] as number)] as number) ^
      (t[b[at + 7] as number] as number);
  }
  for (; at < bytes.length; at++) crc = (t[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  return crc;
}
