import { expect, test } from "vitest";
import { RateLimit } from "./rate.ts";

test("so many a minute pass in a burst, then one at a time as time goes by", () => {
  let nowMs = 0;
  const limit = new RateLimit(6, 10, () => nowMs);
  for (let i = 0; i < 6; i++) expect(limit.take("a")).toBeNull();
  expect(limit.take("a")).toEqual({ retryAfterS: 10, first: true });
  expect(limit.take("a")).toEqual({ retryAfterS: 10, first: false });
  expect(limit.take("b")).toBeNull();
  nowMs += 10_000;
  expect(limit.take("a")).toBeNull();
  expect(limit.take("a")).toMatchObject({ first: true });
});

test("names are forgotten, those not seen for longest first", () => {
  const limit = new RateLimit(1, 3, () => 0);
  for (const name of ["a", "b", "c"]) limit.take(name);
  expect(limit.take("a")).not.toBeNull();
  limit.take("d");
  expect(limit.names).toBe(3);
  expect(limit.take("a")).not.toBeNull();
  expect(limit.take("b")).toBeNull();
});
