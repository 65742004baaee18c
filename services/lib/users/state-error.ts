import { Z_995 } from "./student.ts";

/** A state of subscribers (uniqCombined64(17)) holds so many exactly. */
export const EXACT_UP_TO = 4_096;

/** Standard deviation of a state above that, as a part of the value. */
export const STATE_DEVIATION = 0.0021;

/** Standard deviation of |A or B| - |B| as a part of sqrt(|A or B| * difference): what both have in common errs alike. */
const DIFFERENCE_DEVIATION = 0.0035;

/** A count with the ends of an interval made to hold the truth in 99 of 100 cases. */
export interface Interval {
  readonly users: number;
  readonly low: number;
  readonly high: number;
}

/** A state's count. */
export function counted(users: number): Interval {
  const error = users > EXACT_UP_TO ? Z_995 * STATE_DEVIATION * users : 0;
  return { users, low: users - error, high: users + error };
}

/** Those of a union who are not in a part of it. */
export function without(union: number, part: number): Interval {
  return difference(union, Math.max(0, union - part));
}

/** Those who are in both of two sets. */
export function inBoth(first: number, second: number, union: number): Interval {
  return difference(union, Math.min(first, second, Math.max(0, first + second - union)));
}

function difference(union: number, users: number): Interval {
  const deviation = DIFFERENCE_DEVIATION * Math.sqrt(union * Math.max(users, union * STATE_DEVIATION));
  const error = union > EXACT_UP_TO ? Z_995 * deviation : 0;
  return { users, low: Math.max(0, users - error), high: Math.min(union, users + error) };
}
