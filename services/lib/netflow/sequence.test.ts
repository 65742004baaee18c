import { describe, expect, test } from "vitest";
import {
  ipfix,
  legacy,
  legacyRecord,
  NOW_MS,
  optionsTemplate,
  SMALL,
  Subject,
  set,
  small,
  template,
  uint,
  v9,
} from "./messages.test-data.ts";

/** What the sequence numbers told: units expected, lost, reordered, duplicated. */
function told(subject: Subject): [expected: number, lost: number, reordered: number, duplicated: number] {
  return [
    subject.booked("receive", "expected"),
    subject.booked("receive", "lost"),
    subject.booked("receive", "reordered"),
    subject.booked("receive", "duplicated"),
  ];
}

const second = (s: number) => ({ exportS: NOW_MS / 1000 + s, uptimeMs: 3_600_000 + s * 1000 });
/** A v9 datagram with nothing in it but its number, sent in that second. */
const nine = (sequence: number, s = 0) => v9([set(0, template(256, SMALL))], { sequence, ...second(s) });
const five = (sequence: number, records = 1, s = 0) =>
  legacy(
    5,
    Array.from({ length: records }, () => legacyRecord({ bytes: sequence + 1 })),
    { sequence, ...second(s) },
  );
const templateSet = set(2, template(256, SMALL));
/** An IPFIX message with so many records behind the template. */
const ten = (sequence: number, records: number, s = 0) =>
  ipfix([templateSet, set(256, ...Array.from({ length: records }, (_, i) => small(sequence + i + 1)))], {
    sequence,
    exportS: NOW_MS / 1000 + s,
  });

test("v9 numbers count datagrams", () => {
  expect(told(new Subject().give([nine(10), nine(11), nine(12)]))).toEqual([3, 0, 0, 0]);
  expect(told(new Subject().give([nine(10), nine(14)]))).toEqual([5, 3, 0, 0]);
});

test("v5 numbers count flows", () => {
  expect(told(new Subject().give([five(100, 2), five(102, 3), five(105)]))).toEqual([6, 0, 0, 0]);
  expect(told(new Subject().give([five(100, 2), five(110, 3)]))).toEqual([13, 8, 0, 0]);
});

test("v7 numbers count flows", () => {
  const seven = (sequence: number) => legacy(7, [[...legacyRecord(), 0, 0, 0, 0]], { sequence });
  expect(told(new Subject().give([seven(1), seven(2), seven(4)]))).toEqual([4, 1, 0, 0]);
});

test("IPFIX numbers count data records, options data among them, templates not", () => {
  const options = ipfix(
    [set(3, optionsTemplate(300, [[149, 4]], [[34, 4]])), set(300, uint(1, 4), uint(10, 4), uint(2, 4), uint(10, 4))],
    { sequence: 23 },
  );
  expect(told(new Subject().give([ten(20, 3), options, ten(25, 1)]))).toEqual([6, 0, 0, 0]);
  expect(told(new Subject().give([ten(20, 3), ten(30, 1)]))).toEqual([11, 7, 0, 0]);
});

test("v1 has no numbers", () => {
  const subject = new Subject().give([legacy(1, [legacyRecord()]), legacy(1, [legacyRecord({ bytes: 2 })])]);
  expect(told(subject)).toEqual([0, 0, 0, 0]);
  expect(subject.rows).toBe(2);
});

test("each source id of v9 has numbers of its own", () => {
  const of = (domain: number, sequence: number) => v9([set(0, template(256, SMALL))], { domain, sequence });
  expect(told(new Subject().give([of(1, 5), of(2, 900), of(1, 6), of(2, 901)]))).toEqual([4, 0, 0, 0]);
});

test("numbers go on over 2^32", () => {
  const last = 2 ** 32 - 1;
  expect(told(new Subject().give([nine(last - 1), nine(last), nine(0), nine(1)]))).toEqual([4, 0, 0, 0]);
  expect(told(new Subject().give([nine(last), nine(2)]))).toEqual([4, 2, 0, 0]);
  expect(told(new Subject().give([five(last, 3), five(2, 1)]))).toEqual([4, 0, 0, 0]);
});

describe("late datagrams", () => {
  test("are not lost, only reordered", () => {
    expect(told(new Subject().give([nine(1), nine(3), nine(2), nine(4)]))).toEqual([4, 0, 1, 0]);
    expect(told(new Subject().give([five(0, 2), five(5, 1), five(2, 3), five(6, 1)]))).toEqual([7, 0, 3, 0]);
  });

  test("take back what was counted as lost, in any order, in the middle of a gap too", () => {
    const subject = new Subject().give([nine(1), nine(6)]);
    expect(told(subject)).toEqual([6, 4, 0, 0]);
    subject.give([nine(4), nine(2), nine(5)]);
    expect(told(subject)).toEqual([6, 1, 3, 0]);
  });

  test("before the first one seen belong to the stream", () => {
    expect(told(new Subject().give([nine(8), nine(7), nine(9)]))).toEqual([3, 0, 1, 0]);
  });
});

describe("a datagram that comes twice", () => {
  test("is dropped and counted in its version's unit", () => {
    const subject = new Subject().give([five(0, 3), five(0, 3), five(3, 1)]);
    expect(subject.rows).toBe(4);
    expect(told(subject)).toEqual([4, 0, 0, 3]);
    expect(subject.booked("receive", "dropped", "duplicate_datagram")).toBe(1);
    expect(subject.imbalance()).toEqual([0, 0]);
  });

  test("is a duplicate with others between, not from another port, and not after the window", () => {
    const subject = new Subject({ duplicateWindowMs: 1_000 });
    subject.give([ten(0, 1), ten(1, 1), ten(0, 1)]);
    expect(subject.rows).toBe(2);
    subject.give(ten(0, 1), { port: 2_001 });
    expect(subject.rows).toBe(3);
    subject.give(ten(1, 1), { atMs: NOW_MS + 1_001 });
    expect(subject.rows).toBe(4);
  });

  test("is two where a single bit differs", () => {
    const other = ten(0, 40);
    other[other.length - 300] = (other[other.length - 300] as number) ^ 0x80;
    const subject = new Subject().give([ten(0, 40), other]);
    expect(subject.rows).toBe(80);
  });

  test("is kept where the window is zero", () => {
    expect(new Subject({ duplicateWindowMs: 0 }).give([ten(0, 1), ten(0, 1)]).rows).toBe(2);
  });
});

describe("a restart of the exporter is no loss", () => {
  test("v9: the uptime goes back", () => {
    const reboot = v9([set(0, template(256, SMALL))], { sequence: 1, exportS: NOW_MS / 1000 + 60, uptimeMs: 20_000 });
    const next = v9([set(0, template(256, SMALL))], { sequence: 2, exportS: NOW_MS / 1000 + 61, uptimeMs: 21_000 });
    expect(told(new Subject().give([nine(50_000), reboot, next]))).toEqual([3, 0, 0, 0]);
  });

  test("v9: the uptime goes back and the numbers jump ahead", () => {
    const reboot = v9([set(0, template(256, SMALL))], { sequence: 900, exportS: NOW_MS / 1000 + 60, uptimeMs: 20_000 });
    expect(told(new Subject().give([nine(5), reboot]))).toEqual([2, 0, 0, 0]);
  });

  test("IPFIX: the numbers begin anew", () => {
    expect(told(new Subject().give([ten(1_000_000, 2), ten(0, 3, 60), ten(3, 1, 61), ten(5, 1, 62)]))).toEqual([
      8, 1, 0, 0,
    ]);
  });

  test("IPFIX: the numbers begin anew anywhere ahead, further than records could have been sent", () => {
    expect(told(new Subject().give([ten(10, 2), ten(1_500_000_000, 3, 1)]))).toEqual([5, 0, 0, 0]);
  });

  test("a wrap of the uptime after 49.7 days is no restart", () => {
    const at = (sequence: number, s: number, uptimeMs: number) =>
      v9([set(0, template(256, SMALL))], { sequence, exportS: NOW_MS / 1000 + s, uptimeMs });
    expect(told(new Subject().give([at(1, 0, 2 ** 32 - 5_000), at(4, 10, 5_000)]))).toEqual([4, 2, 0, 0]);
  });
});

test("a message whose records cannot be counted does not break the following", () => {
  const unknown = ipfix([set(900, small(), small())], { sequence: 1 });
  expect(told(new Subject().give([ten(0, 1), unknown, ten(3, 1), ten(4, 1)]))).toEqual([5, 0, 0, 0]);
});

test("what was sent while the collector was down shows as lost after its restart", () => {
  const before = new Subject().give([nine(1), nine(2)]);
  const state = before.decoder.takeState() as Map<string, Uint8Array>;
  const after = new Subject();
  after.decoder.restore(state);
  after.give(nine(4_002, 600));
  expect(told(after)).toEqual([4_000, 3_999, 0, 0]);
});
