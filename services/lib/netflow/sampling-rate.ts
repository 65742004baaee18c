import {
  SAMPLER_RANDOM_INTERVAL,
  SAMPLING_INTERVAL,
  SAMPLING_PACKET_INTERVAL,
  SAMPLING_PACKET_SPACE,
  SAMPLING_POPULATION,
  SAMPLING_PROBABILITY,
  SAMPLING_SIZE,
} from "./elements.ts";
import type { Place } from "./place.ts";
import { readUnsigned } from "./record-walk.ts";

/** Elements that tell a sampling rate, alone or with another. */
export const SAMPLING_RATE_ELEMENTS: readonly number[] = [
  SAMPLING_INTERVAL,
  SAMPLER_RANDOM_INTERVAL,
  SAMPLING_PACKET_INTERVAL,
  SAMPLING_PACKET_SPACE,
  SAMPLING_SIZE,
  SAMPLING_POPULATION,
  SAMPLING_PROBABILITY,
];

function unsignedAt(view: DataView, record: number, place: Place | undefined): number {
  return place === undefined ? 0 : readUnsigned(view, record + place.offset, place.length);
}

/**
 * The rate a record tells: one packet in so many, as a fraction where it is one; 0 where it tells none.
 * Later forms are the more precise and go before earlier ones.
 *
 * - IE 34 and 50: the interval itself.
 * - IE 305 and 306 (RFC 5477 §8.2.3, §8.2.4): so many packets in a row, then so many left out.
 * - IE 309 and 310 (RFC 5477 §8.2.6, §8.2.7): n out of N.
 * - IE 311 (RFC 5477 §8.2.8): the probability, a float of 32 or 64 bits.
 */
export function exportedRate(view: DataView, record: number, places: ReadonlyMap<number, Place>): number {
  let rate = unsignedAt(view, record, places.get(SAMPLING_INTERVAL));
  const random = places.get(SAMPLER_RANDOM_INTERVAL);
  if (random !== undefined) rate = unsignedAt(view, record, random);
  const taken = unsignedAt(view, record, places.get(SAMPLING_PACKET_INTERVAL));
  if (taken > 0) rate = (taken + unsignedAt(view, record, places.get(SAMPLING_PACKET_SPACE))) / taken;
  const size = unsignedAt(view, record, places.get(SAMPLING_SIZE));
  const population = places.get(SAMPLING_POPULATION);
  if (size > 0 && population !== undefined) rate = unsignedAt(view, record, population) / size;
  const probability = places.get(SAMPLING_PROBABILITY);
  if (probability !== undefined && (probability.length === 4 || probability.length === 8)) {
    const at = record + probability.offset;
    const value = probability.length === 4 ? view.getFloat32(at) : view.getFloat64(at);
    if (value > 0 && value <= 1) rate = 1 / value;
  }
  return rate;
}
