import { expect, test } from "vitest";
import { legacy, legacyRecord, NOW_MS, Subject, uint } from "./messages.test-data.ts";

const COMMON = {
  src_addr: "10.1.2.3",
  dst_addr: "192.0.2.7",
  next_hop: "10.0.0.1",
  in_if: 3,
  out_if: 4,
  packets: 2,
  bytes: 1_500,
  start_at: NOW_MS - 10_000,
  end_at: NOW_MS - 5_000,
  src_port: 40_000,
  dst_port: 443,
  tcp_flags: 0x1b,
  protocol: 6,
  tos: 0x28,
  ip_version: 4,
} as const;

function expectRow(subject: Subject, expected: Record<string, string | number>): void {
  const row = Object.fromEntries(
    Object.keys(expected).map((name) => [name, subject.column(name as keyof Subject["batch"]["columns"])[0]]),
  );
  expect(row).toEqual(expected);
}

test("a v5 record, with engine type and id as the domain", () => {
  const subject = new Subject().give(legacy(5, [legacyRecord()], { engine: 0x0102 }));
  expectRow(subject, {
    ...COMMON,
    version: 5,
    observation_domain: 0x0102,
    src_as: 65_001,
    dst_as: 4_134,
    src_mask: 24,
    dst_mask: 16,
  });
});

test("a v7 record is a v5 record with four bytes more", () => {
  const record = [...legacyRecord(), ...uint(0x0a00_0009, 4)];
  const subject = new Subject().give(legacy(7, [record, record]));
  expect(subject.rows).toBe(2);
  expectRow(subject, {
    ...COMMON,
    version: 7,
    observation_domain: 0,
    src_as: 65_001,
    dst_as: 4_134,
    src_mask: 24,
    dst_mask: 16,
  });
  expect(subject.column("bytes")).toEqual([1_500, 1_500]);
});

test("a v1 record has its protocol, class of service and flags elsewhere, and no AS", () => {
  const record = [...legacyRecord().slice(0, 36), 0, 0, 6, 0x28, 0x1b, 0, 0, 0, 0, 0, 0, 0];
  const subject = new Subject().give(legacy(1, [record]));
  expectRow(subject, { ...COMMON, version: 1, src_as: 0, dst_as: 0, src_mask: 0, sampling_rate: 0 });
});

test("nanoseconds of the header count", () => {
  const datagram = legacy(5, [legacyRecord()]);
  new DataView(datagram.buffer).setUint32(12, 250_000_000);
  expect(new Subject().give(datagram).column("start_at")).toEqual([NOW_MS - 10_000 + 250]);
});

test("a body is one set of the books, however many records it has", () => {
  const subject = new Subject().give([legacy(5, [legacyRecord(), legacyRecord()]), legacy(5, [])]);
  expect(subject.booked("decode", "received")).toBe(2);
  expect(subject.booked("decode", "forwarded")).toBe(2);
  expect(subject.rows).toBe(2);
});

test("more records counted than there are is a contradiction: nothing is read", () => {
  const subject = new Subject().give([legacy(5, [legacyRecord()], { count: 2 }), legacy(7, [], { count: 65_535 })]);
  expect(subject.rows).toBe(0);
  expect(subject.booked("receive", "dropped", "count_mismatch")).toBe(2);
});

test("bytes behind the last counted record are not read", () => {
  const subject = new Subject().give(legacy(5, [legacyRecord(), legacyRecord()], { count: 1 }));
  expect(subject.rows).toBe(1);
});
