import { expect, test } from "vitest";
import { highestRate } from "./highest-rate.ts";

const receiver = (limit: number, senderLimit: number, asked: number[]) => async (ratePerS: number) => {
  asked.push(ratePerS);
  const sentPerS = Math.min(ratePerS, senderLimit);
  return { sentPerS, lost: sentPerS > limit };
};

test("the highest rate is below the receiver's limit by less than a fifth, in few steps", async () => {
  for (const limit of [100_000, 137_000, 159_000, 500_000, 1_234_567]) {
    const asked: number[] = [];
    const { recordsPerS, bySender } = await highestRate(80_000, receiver(limit, Infinity, asked));
    expect(recordsPerS).toBeLessThanOrEqual(limit);
    expect(recordsPerS).toBeGreaterThan(limit / 1.2);
    expect(bySender).toBe(false);
    expect(asked.length).toBeLessThanOrEqual(8);
  }
});

test("where the sender goes no faster, that is said, and its rate is told", async () => {
  expect(await highestRate(80_000, receiver(Infinity, 450_000, []))).toEqual({ recordsPerS: 450_000, bySender: true });
});

test("a tool that loses at the first step has no rate without a loss", async () => {
  expect(await highestRate(80_000, receiver(50_000, Infinity, []))).toEqual({ recordsPerS: null, bySender: false });
});
