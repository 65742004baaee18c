/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012) of `length` bytes, in 32-bit arithmetic: a 64-bit integer
 * is two words, low word first. The key is 16 bytes as four little-endian words; the result's low word
 * goes to out[0], its high word to out[1]. Allocates nothing.
 */
export function sipHash24(key: Uint32Array, bytes: Uint8Array, length: number, out: Uint32Array): void {
  const k0l = (key[0] as number) | 0;
  const k0h = (key[1] as number) | 0;
  const k1l = (key[2] as number) | 0;
  const k1h = (key[3] as number) | 0;
  let v0l = k0l ^ 0x70736575;
  let v0h = k0h ^ 0x736f6d65;
  let v1l = k1l ^ 0x6e646f6d;
  let v1h = k1h ^ 0x646f7261;
  let v2l = k0l ^ 0x6e657261;
  let v2h = k0h ^ 0x6c796765;
  let v3l = k1l ^ 0x79746573;
  let v3h = k1h ^ 0x74656462;
  const blocks = (length >> 3) + 1;
  for (let block = 0; block <= blocks; block++) {
    let ml = 0;
    let mh = 0;
    if (block < blocks) {
      const at = block * 8;
      const left = length - at;
      for (let i = 0; i < 4 && i < left; i++) ml |= (bytes[at + i] as number) << (8 * i);
      for (let i = 4; i < 8 && i < left; i++) mh |= (bytes[at + i] as number) << (8 * (i - 4));
      // The last block ends in the length; a whole block has no room for it.
      if (left < 8) mh |= length << 24;
      v3l ^= ml;
      v3h ^= mh;
    } else v2l ^= 0xff;
    // Two rounds a block, four at the end.
    for (let round = block < blocks ? 2 : 4; round > 0; round--) {
      let low = (v0l + v1l) | 0;
      v0h = (v0h + v1h + (((v0l & v1l) | ((v0l | v1l) & ~low)) >>> 31)) | 0;
      v0l = low;
      let turned = (v1l << 13) | (v1h >>> 19);
      v1h = ((v1h << 13) | (v1l >>> 19)) ^ v0h;
      v1l = turned ^ v0l;
      turned = v0l;
      v0l = v0h;
      v0h = turned;

      low = (v2l + v3l) | 0;
      v2h = (v2h + v3h + (((v2l & v3l) | ((v2l | v3l) & ~low)) >>> 31)) | 0;
      v2l = low;
      turned = (v3l << 16) | (v3h >>> 16);
      v3h = ((v3h << 16) | (v3l >>> 16)) ^ v2h;
      v3l = turned ^ v2l;

      low = (v0l + v3l) | 0;
      v0h = (v0h + v3h + (((v0l & v3l) | ((v0l | v3l) & ~low)) >>> 31)) | 0;
      v0l = low;
      turned = (v3l << 21) | (v3h >>> 11);
      v3h = ((v3h << 21) | (v3l >>> 11)) ^ v0h;
      v3l = turned ^ v0l;

      low = (v2l + v1l) | 0;
      v2h = (v2h + v1h + (((v2l & v1l) | ((v2l | v1l) & ~low)) >>> 31)) | 0;
      v2l = low;
      turned = (v1l << 17) | (v1h >>> 15);
      v1h = ((v1h << 17) | (v1l >>> 15)) ^ v2h;
      v1l = turned ^ v2l;
      turned = v2l;
      v2l = v2h;
      v2h = turned;
    }
    if (block < blocks) {
      v0l ^= ml;
      v0h ^= mh;
    }
  }
  out[0] = v0l ^ v1l ^ v2l ^ v3l;
  out[1] = v0h ^ v1h ^ v2h ^ v3h;
}
