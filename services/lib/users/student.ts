/** Of Student's t, the value that 99.5 of 100 draws stay below, by degrees of freedom from 1 on. */
const T_995 = [
  63.657, 9.925, 5.841, 4.604, 4.032, 3.707, 3.499, 3.355, 3.25, 3.169, 3.106, 3.055, 3.012, 2.977, 2.947, 2.921, 2.898,
  2.878, 2.861, 2.845, 2.831, 2.819, 2.807, 2.797, 2.787, 2.779, 2.771, 2.763, 2.756, 2.75,
] as const;

/** The same of the normal distribution. */
export const Z_995 = 2.5758;

/** Half-width, in standard deviations, of an interval that holds 99 of 100 values, by degrees of freedom (1 and more). */
export function studentT995(degrees: number): number {
  const whole = Math.floor(degrees);
  const told = T_995[whole - 1];
  if (told !== undefined) return told;
  if (whole < 1) throw new RangeError(`degrees of freedom: found ${degrees}; allowed is 1 and more`);
  // Cornish and Fisher's expansion; from 31 degrees on it is right to 0.001.
  const z = Z_995;
  return z + (z ** 3 + z) / (4 * whole) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * whole ** 2);
}
