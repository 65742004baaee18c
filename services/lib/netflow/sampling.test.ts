import { describe, expect, test } from "vitest";
import {
  type FieldSpec,
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

const smallTemplate = set(2, template(256, SMALL));
/** An options record of IPFIX, with its template: everything in it is about the whole domain. */
function options(fields: readonly FieldSpec[], ...values: number[][]): number[][] {
  return [set(3, optionsTemplate(300, [[149, 4]], fields)), set(300, uint(1, 4), ...values)];
}
const float64 = (value: number) => [...new Uint8Array(new Float64Array([value]).buffer)].reverse();

test.each([
  { says: "IE 34", fields: [[34, 4]], values: [uint(1_000, 4)], rate: 1_000 },
  {
    says: "IE 34 and 35",
    fields: [
      [34, 4],
      [35, 1],
    ],
    values: [uint(500, 4), [2]],
    rate: 500,
  },
  {
    says: "IE 50",
    fields: [
      [49, 1],
      [50, 4],
    ],
    values: [[2], uint(2_000, 4)],
    rate: 2_000,
  },
  {
    says: "IE 305 and 306",
    fields: [
      [304, 2],
      [305, 4],
      [306, 4],
    ],
    values: [uint(1, 2), uint(1, 4), uint(255, 4)],
    rate: 256,
  },
  {
    says: "IE 305 and 306 with several in a row",
    fields: [
      [305, 4],
      [306, 4],
    ],
    values: [uint(10, 4), uint(990, 4)],
    rate: 100,
  },
  { says: "IE 305 alone", fields: [[305, 4]], values: [uint(1, 4)], rate: 1 },
  {
    says: "IE 309 and 310",
    fields: [
      [309, 4],
      [310, 4],
    ],
    values: [uint(2, 4), uint(3_000, 4)],
    rate: 1_500,
  },
  { says: "IE 311", fields: [[311, 8]], values: [float64(0.001)], rate: 1_000 },
] as const)("a rate in an options record: $says", ({ fields, values, rate }) => {
  const subject = new Subject().give(
    ipfix([
      ...options(fields as unknown as FieldSpec[], ...(values as readonly number[][])),
      smallTemplate,
      set(256, small()),
    ]),
  );
  expect(subject.column("sampling_rate")).toEqual([rate]);
  expect(subject.decoder.takeStatus()[0]).toMatchObject({
    sampling: [{ sampler: null, rate }],
    sampling_source: "options",
  });
});

test("a fractional rate is rounded in the column and exact in the status", () => {
  const subject = new Subject().give(
    ipfix([
      ...options(
        [
          [309, 4],
          [310, 4],
        ],
        uint(3, 4),
        uint(1_000, 4),
      ),
      smallTemplate,
      set(256, small()),
    ]),
  );
  expect(subject.column("sampling_rate")).toEqual([333]);
  expect(subject.decoder.takeStatus()[0]?.sampling).toEqual([{ sampler: null, rate: 1_000 / 3 }]);
});

test("a rate of zero is not known, never one", () => {
  const subject = new Subject().give(ipfix([...options([[34, 4]], uint(0, 4)), smallTemplate, set(256, small())]));
  expect(subject.column("sampling_rate")).toEqual([0]);
  expect(subject.decoder.takeStatus()[0]).toMatchObject({ sampling: [], sampling_source: "unknown" });
});

test("a record's own rate goes before the options', and a zero in it does not", () => {
  const fields: FieldSpec[] = [...SMALL, [34, 4]];
  const subject = new Subject().give(
    ipfix([
      ...options([[34, 4]], uint(100, 4)),
      set(2, template(256, fields)),
      set(256, small(), uint(7, 4), small(), uint(0, 4)),
    ]),
  );
  expect(subject.column("sampling_rate")).toEqual([7, 100]);
  const rates = subject.decoder.takeStatus()[0]?.sampling.map(({ rate }) => rate);
  expect(rates, "both are told").toEqual([100, 7]);
});

describe.each([
  { says: "sampler id (IE 48)", id: 48, length: 2 },
  { says: "selector id (IE 302)", id: 302, length: 8 },
])("by $says", ({ id, length }) => {
  const samplers = [
    set(
      3,
      optionsTemplate(
        300,
        [[id, length]],
        [
          [305, 4],
          [306, 4],
        ],
      ),
    ),
    set(300, uint(1, length), uint(1, 4), uint(99, 4), uint(2, length), uint(1, 4), uint(199, 4)),
  ];
  const flows = set(2, template(256, [...SMALL, [id, length]]));

  test("each record has the rate of its own", () => {
    const data = set(256, small(), uint(2, length), small(), uint(1, length), small(), uint(3, length));
    const subject = new Subject().give(ipfix([...samplers, flows, data]));
    expect(subject.column("sampling_rate")).toEqual([200, 100, 0]);
  });

  test("records without an id have none where samplers differ", () => {
    expect(new Subject().give(ipfix([...samplers, smallTemplate, set(256, small())])).column("sampling_rate")).toEqual([
      0,
    ]);
  });

  test("records without an id have the samplers' where they agree", () => {
    const agreeing = [
      samplers[0] as number[],
      set(300, uint(1, length), uint(1, 4), uint(99, 4), uint(2, length), uint(1, 4), uint(99, 4)),
    ];
    expect(new Subject().give(ipfix([...agreeing, smallTemplate, set(256, small())])).column("sampling_rate")).toEqual([
      100,
    ]);
  });
});

test("a v9 sampler table in the scope of the system", () => {
  const subject = new Subject().give(
    v9([
      set(
        1,
        optionsTemplateV9(
          257,
          [[1, 4]],
          [
            [48, 2],
            [49, 1],
            [50, 4],
          ],
        ),
      ),
      set(257, uint(0, 4), uint(5, 2), [2], uint(1_024, 4)),
      set(0, template(256, [...SMALL, [48, 1]])),
      set(256, small(), [5]),
    ]),
  );
  expect(subject.column("sampling_rate")).toEqual([1_024]);
  expect(subject.decoder.takeStatus()[0]?.sampling).toEqual([{ sampler: 5, rate: 1_024 }]);
});

describe("a rate told for an interface", () => {
  const flows: FieldSpec[] = [...SMALL, [10, 4], [14, 4], [61, 1]];
  const record = (inIf: number, outIf: number, direction: number) => [
    ...small(),
    ...uint(inIf, 4),
    ...uint(outIf, 4),
    direction,
  ];
  const data = set(
    256,
    record(1, 9, 0),
    record(2, 9, 0),
    record(9, 2, 1),
    record(1, 2, 1),
    record(1, 2, 0),
    record(8, 9, 0),
  );

  test("is that of its records only (IPFIX scope)", () => {
    const subject = new Subject().give(
      ipfix([
        set(3, optionsTemplate(300, [[10, 4]], [[34, 4]])),
        set(300, uint(1, 4), uint(100, 4), uint(2, 4), uint(200, 4)),
        set(2, template(256, flows)),
        data,
      ]),
    );
    expect(subject.column("sampling_rate")).toEqual([100, 200, 200, 200, 100, 0]);
    const rates = subject.decoder.takeStatus()[0]?.sampling.map(({ rate }) => rate);
    expect(rates, "each is told once").toEqual([100, 200]);
  });

  test("is that of its records only (v9 scope)", () => {
    const subject = new Subject().give(
      v9([
        set(1, optionsTemplateV9(300, [[2, 4]], [[34, 4]])),
        set(300, uint(1, 4), uint(100, 4), uint(2, 4), uint(200, 4)),
        set(0, template(256, flows)),
        data,
      ]),
    );
    expect(subject.column("sampling_rate")).toEqual([100, 200, 200, 200, 100, 0]);
  });
});

test("rates of one domain are not those of another", () => {
  const subject = new Subject().give([
    ipfix([...options([[34, 4]], uint(10, 4))], { domain: 1 }),
    ipfix([smallTemplate, set(256, small())], { domain: 2 }),
  ]);
  expect(subject.column("sampling_rate")).toEqual([0]);
});

test("a changed rate holds for later records and leaves earlier ones as they are", () => {
  const subject = new Subject().give([
    ipfix([...options([[34, 4]], uint(10, 4)), smallTemplate, set(256, small())]),
    ipfix([set(300, uint(1, 4), uint(20, 4)), set(256, small())]),
  ]);
  expect(subject.column("sampling_rate")).toEqual([10, 20]);
});

test("a rate learned for the first time is that of the rows just before it, of its sampler only", () => {
  const subject = new Subject().give([
    ipfix([set(2, template(256, [...SMALL, [48, 1]])), set(256, small(), [1], small(), [2])]),
    ipfix([set(3, optionsTemplate(300, [[48, 1]], [[34, 4]])), set(300, [1], uint(50, 4))]),
  ]);
  expect(subject.column("sampling_rate")).toEqual([50, 0]);
});

test("a batch that was taken is not written to again", () => {
  const subject = new Subject();
  subject.give(ipfix([smallTemplate, set(256, small())]));
  const taken = subject.batch;
  subject.full();
  subject.give(ipfix([smallTemplate, set(256, small()), ...options([[34, 4]], uint(50, 4))]));
  expect(taken.columns.sampling_rate[0]).toBe(0);
  expect(subject.column("sampling_rate")).toEqual([50]);
});

test("a batch that was emptied and filled by others is not written to either", () => {
  const subject = new Subject();
  subject.give(ipfix([smallTemplate, set(256, small(), small())]));
  for (const column of Object.values(subject.batch.columns)) column.fill(0);
  subject.batch.rows = 0;
  subject.give(ipfix([smallTemplate, set(256, small(), small())]), { exporter: "192.0.2.2" });
  subject.give(ipfix([...options([[34, 4]], uint(50, 4))]));
  expect(subject.column("sampling_rate")).toEqual([0, 0]);
});

test.each([
  {
    says: "14 bits of a v5 header are the rate, the two above the mode",
    sampling: (1 << 14) | 1_000,
    rate: 1_000,
    source: "header",
  },
  { says: "a v5 header without a rate leaves it unknown", sampling: 0, rate: 0, source: "unknown" },
])("$says", ({ sampling, rate, source }) => {
  const subject = new Subject().give(legacy(5, [legacyRecord()], { sampling }));
  expect(subject.column("sampling_rate")).toEqual([rate]);
  expect(subject.decoder.takeStatus()[0]?.sampling_source).toBe(source);
});
