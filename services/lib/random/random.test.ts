import { expect, test } from "vitest";
import { Random } from "./random.ts";

const draws = (random: Random) => Array.from({ length: 100 }, () => random.u32());

test("the same seed and stream draw the same numbers, on this and every machine", () => {
  expect(draws(new Random(1))).toEqual(draws(new Random(1)));
  expect(draws(new Random(1)).slice(0, 2)).toMatchInlineSnapshot(`
    [
      1506684997,
      389392296,
    ]
  `);
});

test("another seed or another stream draws others", () => {
  const first = draws(new Random(1));
  for (const other of [new Random(2), new Random(1, 1)]) {
    expect(draws(other).filter((value, i) => value === first[i])).toEqual([]);
  }
});

test("whole numbers stay below their limit and reach every value", () => {
  const random = new Random(7);
  const seen = new Set(Array.from({ length: 1_000 }, () => random.below(10)));
  expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
