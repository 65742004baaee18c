import type { Random } from "@v6meter/random";

/** A hash of two whole numbers to 32 bits (finaliser of MurmurHash3): a subscriber's unchanging draws. */
export function mix(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** `mix` as a number in [0, 1). */
export function mixShare(a: number, b: number): number {
  return mix(a, b) / 4_294_967_296;
}

/** Quantiles of the standard normal distribution, in the middle of equal parts. */
const QUANTILES = quantiles(1 << 14);

function quantiles(parts: number): Float64Array {
  // By summing the density in small steps from the middle outwards; the other half is its mirror.
  const values = new Float64Array(parts);
  const step = 1 / 16_384;
  let x = 0;
  let below = 0.5;
  for (let i = parts / 2; i < parts; i++) {
    const wanted = (i + 0.5) / parts;
    while (below < wanted) {
      below += (step * Math.exp(-((x + step / 2) ** 2) / 2)) / Math.sqrt(2 * Math.PI);
      x += step;
    }
    values[i] = x;
    values[parts - 1 - i] = -x;
  }
  return values;
}

/** A draw of the standard normal distribution, to four times its spread. */
export function drawNormal(random: Random): number {
  return QUANTILES[random.u32() >>> 18] as number;
}

/** A draw of the exponential distribution. */
export function drawExponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.next());
}

/** A draw of the Poisson distribution; above 32 by the normal one. */
export function drawPoisson(random: Random, mean: number): number {
  if (mean > 32) return Math.max(0, Math.round(mean + Math.sqrt(mean) * drawNormal(random)));
  const limit = Math.exp(-mean);
  let n = 0;
  for (let product = random.next(); product > limit; product *= random.next()) n++;
  return n;
}

/**
 * How many of `packets` a sampler of one in `rate` takes: binomial, where there are many packets by the
 * Poisson or the normal distribution that it comes close to.
 */
export function drawSampled(random: Random, packets: number, rate: number): number {
  if (rate === 1) return packets;
  const share = 1 / rate;
  if (packets <= 32) {
    let n = 0;
    for (let i = 0; i < packets; i++) if (random.next() < share) n++;
    return n;
  }
  const mean = packets * share;
  if (mean <= 32 && share <= 0.02) return Math.min(packets, drawPoisson(random, mean));
  return Math.min(packets, Math.max(0, Math.round(mean + Math.sqrt(mean * (1 - share)) * drawNormal(random))));
}

const SMALLEST_OCTETS = 64;
const LARGEST_OCTETS = 1_480;

/**
 * Octets of `packets` packets drawn from traffic whose packets are `mean` octets on average, each a small or
 * a large one.
 */
export function drawOctets(random: Random, packets: number, mean: number): number {
  const large = (mean - SMALLEST_OCTETS) / (LARGEST_OCTETS - SMALLEST_OCTETS);
  let count = 0;
  if (packets <= 16) for (let i = 0; i < packets; i++) count += random.next() < large ? 1 : 0;
  else {
    const spread = Math.sqrt(packets * large * (1 - large));
    count = Math.min(packets, Math.max(0, Math.round(packets * large + spread * drawNormal(random))));
  }
  return packets * SMALLEST_OCTETS + count * (LARGEST_OCTETS - SMALLEST_OCTETS);
}

/** A day's curve of 24 hours, to draw moments from in order. */
export interface DayCurve {
  /** The part of the day's traffic before a moment (s since midnight). */
  before(second: number): number;
  /** The moment before which a part of the day's traffic lies. */
  at(part: number): number;
}

/** Makes a curve of the traffic by hour. */
export function createDayCurve(hours: readonly number[]): DayCurve {
  const sums = new Float64Array(25);
  for (let hour = 0; hour < 24; hour++) sums[hour + 1] = (sums[hour] as number) + (hours[hour] as number);
  const all = sums[24] as number;
  for (let hour = 0; hour < 25; hour++) sums[hour] = (sums[hour] as number) / all;
  return {
    before(second) {
      const hour = Math.min(23, Math.floor(second / 3_600));
      const from = sums[hour] as number;
      return from + ((sums[hour + 1] as number) - from) * (second / 3_600 - hour);
    },
    at(part) {
      let hour = 0;
      while (hour < 23 && (sums[hour + 1] as number) <= part) hour++;
      const from = sums[hour] as number;
      const width = (sums[hour + 1] as number) - from;
      return (hour + (width > 0 ? Math.min(1, (part - from) / width) : 0)) * 3_600;
    },
  };
}
