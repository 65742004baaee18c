/** A seeded source of bytes (mulberry32): a benchmark of the same seed reads the same datagrams. */
export function randomBytes(seed: number): (length: number) => Uint8Array {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
  return (length) => Uint8Array.from({ length }, next);
}
