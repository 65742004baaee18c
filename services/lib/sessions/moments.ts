/** Moments are kept in 40 bits of milliseconds since this one, enough until 2054. */
const EPOCH_MS = Date.UTC(2020, 0, 1);
const TWO_32 = 4_294_967_296;

/** The end of what has not ended. */
export const OPEN = 2 ** 40 - 1;

/** A moment as it is kept; one outside of what 40 bits hold is the nearest that they do. */
export function momentOf(ms: number): number {
  return Math.min(OPEN - 1, Math.max(0, ms - EPOCH_MS));
}

/** A moment of its low 32 and high 8 bits. */
export function joinMoment(low: number, high: number): number {
  return low + high * TWO_32;
}

export function highOf(moment: number): number {
  return Math.floor(moment / TWO_32);
}
