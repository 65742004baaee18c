import type { api } from "@v6meter/schemas";
import { Z_995 } from "./student.ts";

/**
 * A part of a sample with Wilson's interval (1927), which stays within 0 and 1 where few are sampled. Null
 * where nobody is.
 */
export function partOf(found: number, sampled: number): api.PanelPart {
  if (sampled === 0) return { value: null, low: null, high: null };
  const value = found / sampled;
  const square = Z_995 ** 2;
  const centre = (value + square / (2 * sampled)) / (1 + square / sampled);
  const half =
    (Z_995 / (1 + square / sampled)) * Math.sqrt((value * (1 - value)) / sampled + square / (4 * sampled ** 2));
  return { value, low: Math.max(0, Math.min(value, centre - half)), high: Math.min(1, Math.max(value, centre + half)) };
}
