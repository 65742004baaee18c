import { expect, test } from "vitest";
import { studentT995 } from "./student.ts";

// Quantiles as tables print them (NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2).
test.each([
  [1, 63.657],
  [2, 9.925],
  [6, 3.707],
  [30, 2.75],
  [40, 2.704],
  [60, 2.66],
  [100, 2.626],
  [1e9, 2.576],
])("with %d degrees of freedom 99 of 100 lie within %d standard deviations", (degrees, expected) => {
  expect(studentT995(degrees)).toBeCloseTo(expected, 3);
});

test("it falls with every degree, and parts of one are not counted", () => {
  for (let degrees = 1; degrees < 60; degrees++) {
    expect(studentT995(degrees + 1)).toBeLessThan(studentT995(degrees));
    expect(studentT995(degrees + 0.9)).toBe(studentT995(degrees));
  }
});

test("without a degree of freedom there is no interval", () => {
  expect(() => studentT995(0.9)).toThrow(RangeError);
});
