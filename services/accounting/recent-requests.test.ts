import { Random } from "@v6meter/random";
import { expect, test } from "vitest";
import { RecentRequests } from "./recent-requests.ts";

test("a request is pending until it is answered, and forgotten after two windows", () => {
  const recent = new RecentRequests(1_000);
  expect(recent.state(1, 2, 0)).toBe("new");
  recent.add(1, 2, 0);
  expect(recent.state(1, 2, 1)).toBe("pending");
  recent.answered(1, 2);
  expect(recent.state(1, 2, 999)).toBe("answered");
  expect(recent.state(2, 1, 999)).toBe("new");
  // Remembered for a window at least, and for less than two.
  expect(recent.state(1, 2, 1_500)).toBe("answered");
  expect(recent.state(1, 2, 2_500)).toBe("new");
});

test("after a pause nothing is recent", () => {
  const recent = new RecentRequests(1_000);
  recent.state(0, 0, 0);
  recent.add(1, 2, 0);
  expect(recent.state(1, 2, 5_000)).toBe("new");
});

test("every one of many requests is known within the window, and no other", () => {
  const recent = new RecentRequests(30_000);
  const random = new Random(3);
  const keys = Array.from({ length: 200_000 }, () => [random.u32(), random.u32()] as const);
  const taken = keys.filter(([low, high]) => {
    const isNew = recent.state(low, high, 5) === "new";
    recent.add(low, high, 5);
    return isNew;
  });
  expect(taken).toHaveLength(keys.length);
  expect(keys.filter(([low, high]) => recent.state(low, high, 29_000) !== "pending")).toEqual([]);
  let strangers = 0;
  for (let i = 0; i < 100_000; i++) if (recent.state(random.u32(), random.u32(), 29_000) !== "new") strangers++;
  expect(strangers).toBe(0);
  expect(recent.earlyTurns).toBe(0);
});

test("beyond what is remembered the oldest are forgotten, and that is counted", () => {
  const recent = new RecentRequests(300_000);
  recent.state(0, 0, 0);
  const random = new Random(4);
  const first = [random.u32(), random.u32()] as const;
  recent.add(...first, 1);
  for (let i = 0; i < 1_100_000; i++) recent.add(random.u32(), random.u32(), 1);
  expect(recent.earlyTurns).toBe(2);
  expect(recent.state(...first, 2)).toBe("new");
});
