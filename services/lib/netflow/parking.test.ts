import { describe, expect, test } from "vitest";
import {
  ipfix,
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

const templateSet = set(2, template(256, SMALL));
const data = (bytes: number) => set(256, small(bytes));

test("data waits for its template and is decoded in order of arrival, with its own message's times", () => {
  const subject = new Subject();
  const fields = [...SMALL, [22, 4]] as const;
  subject.give(v9([set(256, small(1), uint(3_599_000, 4))], { uptimeMs: 3_600_000 }), { atMs: NOW_MS });
  subject.give(v9([set(256, small(2), uint(3_600_500, 4))], { uptimeMs: 3_601_000, exportS: NOW_MS / 1000 + 1 }), {
    atMs: NOW_MS + 1_000,
  });
  expect(subject.booked("decode", "held")).toBe(2);
  subject.give(
    v9([set(0, template(256, fields)), set(256, small(3), uint(3_602_000, 4))], {
      uptimeMs: 3_602_000,
      exportS: NOW_MS / 1000 + 2,
    }),
    { atMs: NOW_MS + 2_000 },
  );
  expect(subject.column("bytes")).toEqual([1, 2, 3]);
  expect(subject.column("received_at")).toEqual([NOW_MS, NOW_MS + 1_000, NOW_MS + 2_000]);
  expect(subject.column("start_at")).toEqual([NOW_MS - 1_000, NOW_MS + 500, NOW_MS + 2_000]);
  expect(subject.booked("decode", "held")).toBe(0);
  expect(subject.imbalance()).toEqual([0, 0]);
});

test("data in front of its template in the same datagram is decoded with it", () => {
  const subject = new Subject().give(ipfix([data(5), templateSet]));
  expect(subject.column("bytes")).toEqual([5]);
});

test("options data waits as well", () => {
  const subject = new Subject().give([
    ipfix([set(300, uint(1, 4), uint(64, 4)), templateSet, data(1)]),
    ipfix([set(3, optionsTemplate(300, [[149, 4]], [[34, 4]]))]),
  ]);
  expect(subject.column("sampling_rate")).toEqual([64]);
});

test("another template, domain or version releases nothing", () => {
  const subject = new Subject().give([
    ipfix([data(1)]),
    ipfix([set(2, template(257, SMALL))]),
    ipfix([templateSet], { domain: 2 }),
    v9([set(0, template(256, SMALL))]),
  ]);
  expect(subject.booked("decode", "held")).toBe(1);
});

describe("bounds", () => {
  test("of bytes: the oldest goes first", () => {
    const subject = new Subject({ parkMaxBytes: 3 * (16 + 64) });
    subject.give([ipfix([data(1), data(2), data(3), data(4), data(5)])]);
    expect(subject.booked("decode", "held")).toBe(3);
    expect(subject.booked("decode", "dropped", "no_template_overflow")).toBe(2);
    subject.give(ipfix([templateSet]));
    expect(subject.column("bytes")).toEqual([3, 4, 5]);
    expect(subject.imbalance()).toEqual([0, 0]);
  });

  test("of bytes: a set larger than all the room is dropped and drops no other", () => {
    const subject = new Subject({ parkMaxBytes: 100 });
    subject.give(ipfix([data(1), set(257, small(), small(), small())]));
    expect(subject.booked("decode", "held")).toBe(1);
    expect(subject.booked("decode", "dropped", "no_template_overflow")).toBe(1);
  });

  test("of age", () => {
    const subject = new Subject({ parkTtlMs: 1_000 });
    subject.give(ipfix([data(1)])).give(ipfix([data(2)]), { atMs: NOW_MS + 800 });
    subject.decoder.expire(NOW_MS + 1_500);
    expect(subject.booked("decode", "held")).toBe(1);
    expect(subject.booked("decode", "dropped", "no_template_expired")).toBe(1);
    subject.give(ipfix([templateSet]), { atMs: NOW_MS + 1_600 });
    expect(subject.column("bytes")).toEqual([2]);
    expect(subject.imbalance()).toEqual([0, 0]);
  });

  test("are each exporter's own", () => {
    const subject = new Subject({ parkMaxBytes: 80 });
    subject.give(ipfix([data(1)]), { exporter: "192.0.2.1" }).give(ipfix([data(1)]), { exporter: "192.0.2.2" });
    expect(subject.booked("decode", "held")).toBe(2);
  });

  test("of nothing: all is dropped at once", () => {
    const subject = new Subject({ parkMaxBytes: 0 }).give(ipfix([data(1)]));
    expect(subject.booked("decode", "held")).toBe(0);
    expect(subject.imbalance()).toEqual([0, 0]);
  });
});
