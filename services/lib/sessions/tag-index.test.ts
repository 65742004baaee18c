import { expect, test } from "vitest";
import { hashOf } from "./keys.ts";
import { TagIndex } from "./tag-index.ts";

const into: number[] = [];
const sessionsOf = (index: TagIndex, hash: number) => into.slice(0, index.sessionsOf(hash, into));

test("bucket by bucket it grows, and loses and invents nothing", () => {
  const entries = 2_600_000;
  const index = new TagIndex(16);
  const before = index.buckets.count;
  for (let id = 1; id <= entries; id++) index.add(hashOf(id, 7, 1), id);
  expect(index.buckets.count).toBeGreaterThan(before);
  let [missing, others] = [0, 0];
  for (let id = 1; id <= entries; id++) {
    const found = sessionsOf(index, hashOf(id, 7, 1));
    if (!found.includes(id)) missing++;
    others += found.length - 1;
  }
  expect(missing).toBe(0);
  // 14 bits beside the bucket's 18 are the whole hash: others are those whose 32 bits are alike.
  expect(others).toBeLessThan(entries / 500);

  for (let id = 1; id <= entries; id += 2) index.remove(hashOf(id, 7, 1), id);
  let [left, gone] = [0, 0];
  for (let id = 1; id <= entries; id++)
    if (sessionsOf(index, hashOf(id, 7, 1)).includes(id)) left++;
    else gone++;
  expect([left, gone, index.count]).toEqual([entries / 2, entries / 2, entries / 2]);
});

test("a bucket that is full goes on elsewhere, and gives the room back", () => {
  const index = new TagIndex(16);
  const hash = (id: number) => (((id % 5) << 18) | 77) >>> 0;
  const ids = Array.from({ length: 40 }, (_, i) => i + 1);
  for (let round = 0; round < 3; round++) {
    for (const id of ids) index.add(hash(id), id);
    for (const id of ids) expect(sessionsOf(index, hash(id))).toContain(id);
    // From the middle outwards, so that entries of every line are taken out before others.
    for (const id of ids.toSorted((a, b) => Math.abs(a - 20) - Math.abs(b - 20))) {
      index.remove(hash(id), id);
      expect(sessionsOf(index, hash(id))).not.toContain(id);
    }
    expect(index.count).toBe(0);
  }
  // Forty entries are four lines, of which three are elsewhere: each round takes the same.
  expect(index.spill.last).toBe(3);
});

test("of entries alike one is taken out at a time", () => {
  const index = new TagIndex(16);
  index.add(9, 4);
  index.add(9, 4);
  index.remove(9, 4);
  expect(sessionsOf(index, 9)).toEqual([4]);
});
