import { Random } from "@v6meter/random";
import { describe, expect, test } from "vitest";
import { createDayCurve, drawExponential, drawNormal, drawOctets, drawPoisson, drawSampled } from "./chance.ts";

const DRAWS = 200_000;

function moments(draw: (random: Random) => number): { mean: number; spread: number } {
  const random = new Random(11);
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < DRAWS; i++) {
    const value = draw(random);
    sum += value;
    squares += value * value;
  }
  const mean = sum / DRAWS;
  return { mean, spread: Math.sqrt(squares / DRAWS - mean * mean) };
}

describe("draws have the mean and spread of their distribution", () => {
  test.each([
    { says: "normal", draw: drawNormal, mean: 0, spread: 1 },
    { says: "exponential", draw: (r: Random) => drawExponential(r, 7), mean: 7, spread: 7 },
    { says: "Poisson, few", draw: (r: Random) => drawPoisson(r, 0.3), mean: 0.3, spread: Math.sqrt(0.3) },
    { says: "Poisson, many", draw: (r: Random) => drawPoisson(r, 400), mean: 400, spread: 20 },
    { says: "sampled of 20 packets at 1:4", draw: (r: Random) => drawSampled(r, 20, 4), mean: 5, spread: 1.94 },
    { says: "sampled of 900 at 1:1000", draw: (r: Random) => drawSampled(r, 900, 1_000), mean: 0.9, spread: 0.948 },
    { says: "sampled of 1000 at 1:2", draw: (r: Random) => drawSampled(r, 1_000, 2), mean: 500, spread: 15.8 },
    { says: "sampled of 900,000 at 1:1000", draw: (r: Random) => drawSampled(r, 9e5, 1_000), mean: 900, spread: 30 },
    { says: "octets of 3 packets", draw: (r: Random) => drawOctets(r, 3, 700), mean: 2_100, spread: 1_220 },
    { says: "octets of 300 packets", draw: (r: Random) => drawOctets(r, 300, 200), mean: 60_000, spread: 7_227 },
  ])("$says", ({ draw, mean, spread }) => {
    const found = moments(draw);
    expect(Math.abs(found.mean - mean)).toBeLessThan(0.01 * Math.max(1, Math.abs(mean)));
    expect(found.spread / spread).toBeGreaterThan(0.98);
    expect(found.spread / spread).toBeLessThan(1.02);
  });
});

test("a sampler takes all packets at 1:1 and never more than there are", () => {
  const random = new Random(3);
  expect(drawSampled(random, 12_345, 1)).toBe(12_345);
  for (let i = 0; i < 10_000; i++) expect(drawSampled(random, 40, 2)).toBeLessThanOrEqual(40);
});

test("a day's curve and its inverse agree, and quiet hours are quiet", () => {
  const curve = createDayCurve([...new Array(12).fill(1), ...new Array(12).fill(3)]);
  expect(curve.before(43_200)).toBeCloseTo(0.25, 10);
  for (const second of [0, 1_000, 43_200, 50_000, 86_399])
    expect(curve.at(curve.before(second))).toBeCloseTo(second, 6);
});
