import { describe, expect, test } from "vitest";
import {
  type FieldSpec,
  ip,
  ipfix,
  legacy,
  legacyRecord,
  optionsTemplate,
  optionsTemplateV9,
  SMALL,
  Subject,
  set,
  small,
  template,
  uint,
  v9,
} from "./messages.test-data.ts";

const templateSet = set(2, template(256, SMALL));
const setOfLength = (id: number, length: number, content: number[]) => [...uint(id, 2), ...uint(length, 2), ...content];

test.each([
  { says: "an empty datagram", bytes: [], reason: "header_short" },
  { says: "one byte", bytes: [0], reason: "header_short" },
  { says: "a v5 header cut", bytes: [...uint(5, 2), ...new Array<number>(21).fill(0)], reason: "header_short" },
  { says: "a v9 header cut", bytes: [...uint(9, 2), ...new Array<number>(17).fill(0)], reason: "header_short" },
  {
    says: "an IPFIX header cut",
    bytes: [...uint(10, 2), ...uint(15, 2), ...new Array<number>(11).fill(0)],
    reason: "header_short",
  },
  { says: "version 8", bytes: [...uint(8, 2), ...new Array<number>(60).fill(0)], reason: "version_unknown" },
  {
    says: "an sFlow datagram",
    bytes: [...uint(0, 2), ...uint(5, 2), ...new Array<number>(60).fill(0)],
    reason: "version_unknown",
  },
  {
    says: "an IPFIX length of 15",
    bytes: [...uint(10, 2), ...uint(15, 2), ...new Array<number>(12).fill(0)],
    reason: "length_mismatch",
  },
] as const)("$says: $reason", ({ bytes, reason }) => {
  const subject = new Subject().give(Uint8Array.from(bytes));
  expect(subject.booked("receive", "dropped", reason)).toBe(1);
  expect(subject.imbalance()).toEqual([0, 0]);
});

test.each([
  {
    says: "a set length of 0 with data behind",
    sets: [templateSet, setOfLength(256, 0, small())],
    rows: 0,
    reason: "set_length",
  },
  {
    says: "a set length of 3",
    sets: [templateSet, set(256, small()), setOfLength(256, 3, [1])],
    rows: 1,
    reason: "set_length",
  },
  {
    says: "a set that runs over the end",
    sets: [templateSet, set(256, small()), setOfLength(256, 50, small())],
    rows: 1,
    reason: "set_length",
  },
  {
    says: "a reserved set id",
    sets: [templateSet, set(4, small()), set(256, small())],
    rows: 1,
    reason: "set_id_reserved",
  },
  {
    says: "the set id of v9 templates in IPFIX",
    sets: [set(0, template(256, SMALL)), templateSet, set(256, small())],
    rows: 1,
    reason: "set_id_reserved",
  },
  {
    says: "a template whose fields run over its set",
    sets: [set(2, template(256, SMALL), [...uint(257, 2), ...uint(40, 2), ...uint(8, 2)]), set(256, small())],
    rows: 1,
    reason: "template_malformed",
  },
  {
    says: "a template with an id below 256",
    sets: [set(2, template(256, SMALL), template(255, SMALL)), set(256, small())],
    rows: 1,
    reason: "template_malformed",
  },
  {
    says: "an enterprise number cut off",
    sets: [set(2, template(256, SMALL), [...uint(257, 2), ...uint(1, 2), 0x80, 1, 0, 4]), set(256, small())],
    rows: 1,
    reason: "template_malformed",
  },
  {
    says: "more scope fields than fields",
    sets: [
      templateSet,
      set(3, [...uint(300, 2), ...uint(1, 2), ...uint(2, 2), ...uint(149, 2), ...uint(4, 2)]),
      set(256, small()),
    ],
    rows: 1,
    reason: "template_malformed",
  },
  {
    says: "records without length",
    sets: [set(2, template(256, [[210, 0]])), set(256, small())],
    rows: 0,
    reason: "template_zero_length",
  },
  {
    says: "a variable-length field that runs over its set",
    sets: [set(2, template(256, [...SMALL, [96, 65_535]])), set(256, small(), [2, 1, 1], small(), [200, 1])],
    rows: 1,
    reason: "record_overrun",
  },
  {
    says: "a long length cut off",
    sets: [set(2, template(256, [[96, 65_535], ...SMALL])), set(256, [255, 1, ...small()])],
    rows: 0,
    reason: "record_overrun",
  },
] as const)("$says: $reason, what is good is kept", ({ sets, rows, reason }) => {
  const subject = new Subject().give(ipfix(sets as unknown as number[][]));
  expect(subject.rows).toBe(rows);
  expect(subject.booked("decode", "dropped", reason)).toBe(1);
  expect(subject.booked("decode", "dropped")).toBe(1);
  expect(subject.imbalance()).toEqual([0, 0]);
});

test("a v9 options template whose lengths are no multiple of four is malformed", () => {
  const broken = set(1, [...uint(300, 2), ...uint(3, 2), ...uint(4, 2), ...new Array<number>(8).fill(0)]);
  const subject = new Subject().give(v9([broken]));
  expect(subject.booked("decode", "dropped", "template_malformed")).toBe(1);
});

test("an IPFIX message longer than its datagram keeps its whole sets and says that more is missing", () => {
  const whole = ipfix([templateSet, set(256, small()), set(256, small())]);
  const subject = new Subject().give(whole.slice(0, whole.length - 20));
  expect(subject.rows).toBe(1);
  expect(subject.booked("decode", "dropped", "set_length")).toBe(1);
});

test("bytes behind an IPFIX message do not belong to it", () => {
  const message = ipfix([templateSet, set(256, small())]);
  const subject = new Subject().give(Uint8Array.from([...message, ...set(256, small())]));
  expect(subject.rows).toBe(1);
  expect(subject.booked("decode", "dropped")).toBe(0);
});

test.each([1, 2, 3, 4, 40])("%i zero bytes behind the last v9 set are no fault", (count) => {
  const message = v9([set(0, template(256, SMALL)), set(256, small())]);
  const subject = new Subject().give(Uint8Array.from([...message, ...new Array<number>(count).fill(0)]));
  expect(subject.rows).toBe(1);
  expect(subject.booked("decode", "dropped")).toBe(0);
  expect(subject.booked("decode", "received")).toBe(2);
});

test("padding behind templates is no fault", () => {
  const subject = new Subject().give([
    ipfix([set(2, template(256, SMALL), [0, 0, 0]), set(3, optionsTemplate(300, [[149, 4]], [[34, 4]]), [0, 0])]),
    v9([set(1, optionsTemplateV9(300, [[1, 4]], [[34, 4]]), [0, 0])]),
  ]);
  expect(subject.booked("decode", "dropped")).toBe(0);
  expect(subject.booked("decode", "forwarded")).toBe(3);
});

const EVERYTHING: readonly FieldSpec[] = [
  [27, 16],
  [96, 65_535],
  [8, 4],
  [1, 8],
  [2, 3],
  [2, 4, 29_305],
  [315, 65_535],
  [70, 3],
];
const everything = [
  ...ip("2001:db8::1"),
  2,
  65,
  66,
  ...ip("10.0.0.1"),
  ...uint(1, 8),
  ...uint(1, 3),
  ...uint(1, 4),
  3,
  1,
  2,
  3,
  ...uint(16, 3),
];

describe("cut at every byte, nothing is thrown and the books balance", () => {
  test.each([
    {
      name: "IPFIX",
      message: ipfix([
        set(2, template(256, EVERYTHING)),
        set(
          3,
          optionsTemplate(
            300,
            [[10, 4]],
            [
              [34, 4],
              [82, 65_535],
            ],
          ),
        ),
        set(256, everything, everything),
        set(300, uint(1, 4), uint(2, 4), [1, 65]),
      ]),
    },
    {
      name: "v9",
      message: v9([
        set(
          0,
          template(
            256,
            EVERYTHING.filter(([, , pen]) => pen === undefined),
          ),
        ),
        set(1, optionsTemplateV9(300, [[2, 4]], [[34, 4]])),
        set(256, everything),
        set(300, uint(1, 4), uint(2, 4)),
      ]),
    },
    { name: "v5", message: legacy(5, [legacyRecord(), legacyRecord()]) },
  ])("$name", ({ message }) => {
    for (let length = 0; length <= message.length; length++) {
      const subject = new Subject({ duplicateWindowMs: 0 }, 8).give(message.slice(0, length));
      expect(subject.imbalance(), `at ${length}`).toEqual([0, 0]);
      // Also within a larger buffer: a datagram may be a view of a socket's.
      const inside = new Uint8Array(message.length + 64).fill(0xff);
      inside.set(message, 32);
      const again = new Subject({ duplicateWindowMs: 0 }, 8).give(inside.subarray(32, 32 + length));
      expect(again.rows, `at ${length}`).toBe(subject.rows);
      expect(again.booked("decode", "forwarded"), `at ${length}`).toBe(subject.booked("decode", "forwarded"));
    }
  });
});
