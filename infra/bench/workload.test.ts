import { expect, test } from "vitest";
import { columnarPass, libraryPass } from "./decoders.ts";
import { v9MixWorkload } from "./mix.ts";
import { spreadOf } from "./rounds.ts";
import { ipfixWorkload, renumber, v5Workload, v9Workload } from "./workload.ts";

const WORKLOADS = [v5Workload(1), v9Workload(1), ipfixWorkload(1), v9MixWorkload(1)];

test.each(WORKLOADS)("$name: every record is decoded, in every pass", (workload) => {
  const columnar = columnarPass(workload);
  const library = libraryPass(workload);
  // A pass throws when it gives other than the workload's records.
  for (let pass = 0; pass < 3; pass++) {
    expect(columnar).not.toThrow();
    if (workload.inLibrary) expect(library).not.toThrow();
  }
  expect(library === null).toBe(!workload.inLibrary);
});

test("the same seed makes the same datagrams", () => {
  expect(v9Workload(7).datagrams[0]).toEqual(v9Workload(7).datagrams[0]);
  expect(v9Workload(7).datagrams[0]).not.toEqual(v9Workload(8).datagrams[0]);
});

test("sequence numbers go on from pass to pass", () => {
  const workload = v5Workload(1);
  const next = renumber(workload, 100);
  expect(next).toBe(100 + workload.records);
  const second = workload.datagrams[1] as Uint8Array;
  expect(Buffer.from(second).readUInt32BE(workload.sequenceAt)).toBe(130);
});

test("a median of an even number of rounds lies between the middle two", () => {
  expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 });
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
});
