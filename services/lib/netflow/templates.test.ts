import { describe, expect, test } from "vitest";
import {
  type FieldSpec,
  ip,
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
const dataSet = set(256, small());
const withdrawal = (setId: number, id: number) => set(setId, [...uint(id, 2), ...uint(0, 2)]);
/** SMALL with octets and packets exchanged. */
const OTHER: readonly FieldSpec[] = [
  [8, 4],
  [12, 4],
  [2, 4],
  [1, 4],
];

test("a template applies to sets behind it in the same datagram and to later datagrams", () => {
  const subject = new Subject().give([ipfix([templateSet, dataSet]), ipfix([dataSet])]);
  expect(subject.rows).toBe(2);
});

test("a template refreshed with the same fields changes nothing", () => {
  const subject = new Subject().give([ipfix([templateSet, dataSet]), ipfix([templateSet]), ipfix([dataSet])]);
  expect(subject.column("bytes")).toEqual([100, 100]);
  expect(subject.decoder.takeStatus()[0]?.templates).toBe(1);
});

test("a template with other fields holds from there on, the old one until there", () => {
  const subject = new Subject().give(
    ipfix([templateSet, set(256, small(7, 3)), set(2, template(256, OTHER)), set(256, small(7, 3))]),
  );
  expect(subject.column("bytes")).toEqual([7, 3]);
  expect(subject.column("packets")).toEqual([3, 7]);
});

test("an options template takes the id of a data template, and the other way round", () => {
  const options = set(3, optionsTemplate(256, [[149, 4]], [[160, 8]]));
  const subject = new Subject().give([
    ipfix([templateSet]),
    ipfix([options, set(256, uint(1, 4), uint(NOW_MS, 8))]),
    ipfix([templateSet, dataSet]),
  ]);
  expect(subject.decoder.totals).toMatchObject({ flowRecords: 1, optionsRecords: 1 });
  expect(subject.decoder.takeStatus()[0]).toMatchObject({ templates: 1, options_templates: 0 });
});

describe("withdrawal", () => {
  test("of one template leaves the others", () => {
    const subject = new Subject().give([
      ipfix([set(2, template(256, SMALL), template(257, SMALL))]),
      ipfix([withdrawal(2, 256)]),
      ipfix([dataSet, set(257, small())]),
    ]);
    expect(subject.rows).toBe(1);
    expect(subject.booked("decode", "held")).toBe(1);
    expect(subject.decoder.totals.withdrawals).toBe(1);
  });

  test("of all templates leaves the options templates", () => {
    const options = set(3, optionsTemplate(300, [[149, 4]], [[160, 8]]));
    const subject = new Subject().give([
      ipfix([set(2, template(256, SMALL), template(257, SMALL)), options]),
      ipfix([withdrawal(2, 2)]),
      ipfix([dataSet, set(300, uint(1, 4), uint(NOW_MS, 8))]),
    ]);
    expect(subject.rows).toBe(0);
    expect(subject.decoder.totals).toMatchObject({ optionsRecords: 1, withdrawals: 2 });
  });

  test("of all options templates leaves the data templates", () => {
    const options = set(3, optionsTemplate(300, [[149, 4]], [[160, 8]]));
    const subject = new Subject().give([
      ipfix([templateSet, options]),
      ipfix([withdrawal(3, 3)]),
      ipfix([dataSet, set(300, uint(1, 4), uint(NOW_MS, 8))]),
    ]);
    expect(subject.rows).toBe(1);
    expect(subject.decoder.totals.optionsRecords).toBe(0);
  });

  test("of one options template is four bytes long", () => {
    const subject = new Subject().give([
      ipfix([set(3, optionsTemplate(300, [[149, 4]], [[160, 8]]))]),
      ipfix([withdrawal(3, 300)]),
    ]);
    expect(subject.decoder.takeStatus()[0]?.templates).toBe(0);
  });

  test("is unknown to v9: a template without fields is malformed", () => {
    const subject = new Subject().give([v9([set(0, template(256, SMALL))]), v9([withdrawal(0, 256)]), v9([dataSet])]);
    expect(subject.rows).toBe(1);
    expect(subject.booked("decode", "dropped", "template_malformed")).toBe(1);
  });
});

describe("scope", () => {
  test("templates of one exporter, domain or version are not those of another", () => {
    const subject = new Subject().give([
      ipfix([templateSet], { domain: 1 }),
      ipfix([dataSet], { domain: 2 }),
      v9([dataSet]),
    ]);
    subject.give(ipfix([dataSet]), { exporter: "192.0.2.2" });
    expect(subject.rows).toBe(0);
    expect(subject.booked("decode", "held")).toBe(3);
  });

  test("by default a session's own template goes before that of another source port", () => {
    const subject = new Subject();
    subject.give(ipfix([set(2, template(256, OTHER))]), { port: 2_001 });
    subject.give(ipfix([set(256, small(7, 3))]), { port: 2_000 });
    subject.give(ipfix([templateSet]), { port: 2_000 });
    subject.give(ipfix([set(2, template(256, OTHER))]), { port: 2_001 });
    subject.give(ipfix([set(256, small(7, 3))]), { port: 2_000 });
    expect(subject.column("bytes")).toEqual([3, 7]);
  });

  test("by session, another source port's template serves nothing", () => {
    const subject = new Subject({ templateSourcePort: "session" });
    subject.give(ipfix([templateSet]), { port: 2_001 }).give(ipfix([dataSet]), { port: 2_000 });
    expect(subject.rows).toBe(0);
    subject.give(ipfix([templateSet]), { port: 2_002 });
    expect(subject.rows).toBe(0);
    subject.give(ipfix([templateSet]), { port: 2_000 });
    expect(subject.rows).toBe(1);
  });

  test("for any port, the template sent last serves all", () => {
    const subject = new Subject({ templateSourcePort: "any" });
    subject.give(ipfix([templateSet]), { port: 2_000 }).give(ipfix([set(2, template(256, OTHER))]), { port: 2_001 });
    subject.give(ipfix([set(256, small(7, 3))]), { port: 2_000 });
    expect(subject.column("bytes")).toEqual([3]);
  });
});

test("a template not refreshed in its time is forgotten, one that was is not", () => {
  const subject = new Subject({ templateTtlMs: 60_000 });
  subject.give(ipfix([set(2, template(256, SMALL), template(257, SMALL))]));
  subject.give(ipfix([templateSet]), { atMs: NOW_MS + 50_000 });
  subject.decoder.expire(NOW_MS + 61_000);
  expect(subject.decoder.takeStatus()[0]?.templates).toBe(1);
  subject.give(ipfix([dataSet, set(257, small())]), { atMs: NOW_MS + 61_000 });
  expect(subject.rows).toBe(1);
});

test("a template out of time decodes nothing even before it is cleared away", () => {
  const subject = new Subject({ templateTtlMs: 60_000 });
  subject.give(ipfix([templateSet])).give(ipfix([dataSet]), { atMs: NOW_MS + 61_000 });
  expect(subject.rows).toBe(0);
  expect(subject.booked("decode", "held")).toBe(1);
});

test("a session's own template that is out of time leaves its data to a fresh one of another port", () => {
  const subject = new Subject({ templateTtlMs: 60_000 });
  subject.give(ipfix([templateSet]), { port: 2_000 });
  subject.give(ipfix([templateSet]), { port: 2_001, atMs: NOW_MS + 30_000 });
  subject.give(ipfix([dataSet]), { port: 2_000, atMs: NOW_MS + 70_000 });
  expect(subject.rows).toBe(1);
});

test("templates beyond the exporter's limit are dropped, those in force stay", () => {
  const subject = new Subject({ maxTemplates: 2 });
  subject.give(ipfix([set(2, template(256, SMALL), template(257, SMALL), template(258, SMALL))]));
  subject.give(ipfix([dataSet, set(257, small()), set(258, small())]));
  expect(subject.rows).toBe(2);
  expect(subject.booked("decode", "dropped", "template_limit")).toBe(1);
  subject.give(ipfix([templateSet]));
  expect(subject.booked("decode", "dropped", "template_limit")).toBe(1);
  subject.give(ipfix([templateSet]), { exporter: "192.0.2.2" });
  expect(subject.booked("decode", "dropped", "template_limit")).toBe(1);
});

test("the limit is of the exporter, over all its sessions and domains", () => {
  const subject = new Subject({ maxTemplates: 3 });
  for (let domain = 0; domain < 5; domain++) subject.give(ipfix([templateSet], { domain }), { port: 3_000 + domain });
  expect(subject.booked("decode", "dropped", "template_limit")).toBe(2);
});

test("an exporter that has been silent for its templates' time is forgotten and can come again", () => {
  const subject = new Subject({ templateTtlMs: 60_000, maxExporters: 1 });
  subject.give(ipfix([templateSet, dataSet]));
  subject.give(ipfix([templateSet]), { exporter: "192.0.2.2" });
  expect(subject.booked("receive", "dropped", "too_many_exporters")).toBe(1);
  expect(subject.ledger.find(({ reason }) => reason === "too_many_exporters")?.exporter).toBe("::");
  subject.decoder.takeState();
  subject.decoder.expire(NOW_MS + 61_000);
  expect(subject.decoder.totals.exporters).toBe(0);
  expect(subject.decoder.takeState()).toEqual(new Map([["192.0.2.1", null]]));
  subject.give(ipfix([templateSet, dataSet]), { exporter: "192.0.2.2", atMs: NOW_MS + 61_000 });
  expect(subject.rows).toBe(2);
  expect(subject.imbalance()).toEqual([0, 0]);
});

test("interface names, the domain's name and the clock are in the status", () => {
  const options: FieldSpec[] = [
    [82, 65_535],
    [83, 16],
    [300, 65_535],
  ];
  const text = (value: string) => [...new TextEncoder().encode(value)];
  const padded = [...text("to 沈阳"), ...new Array<number>(16 - text("to 沈阳").length).fill(0)];
  const subject = new Subject({ clockToleranceMs: 1_000 }).give(
    ipfix([
      set(3, optionsTemplate(300, [[10, 4]], options)),
      set(300, uint(7, 4), [5, ...text("xe0/1")], padded, [6, ...text("bras-1")]),
    ]),
    { atMs: NOW_MS + 5_000 },
  );
  expect(subject.decoder.takeStatus()).toEqual([
    {
      exporter: "192.0.2.1",
      version: 10,
      observation_domain: 1,
      source_port: 2_000,
      first_seen_at_ms: NOW_MS + 5_000,
      last_seen_at_ms: NOW_MS + 5_000,
      templates: 1,
      options_templates: 1,
      sampling: [],
      sampling_source: "unknown",
      clock_offset_ms: -5_000,
      clock_off: true,
      interfaces: [{ index: 7, name: "xe0/1", description: "to 沈阳" }],
      name: "bras-1",
    },
  ]);
  expect(subject.decoder.takeStatus()).toEqual([]);
});

test("a boot time told in options records gives the uptimes of later records their time", () => {
  const boot = NOW_MS - 3_600_000;
  const subject = new Subject().give([
    ipfix([
      set(3, optionsTemplate(300, [[149, 4]], [[160, 8]])),
      set(300, uint(1, 4), uint(boot, 8)),
      set(2, template(256, [...SMALL, [22, 4]])),
    ]),
    ipfix([set(256, small(), uint(3_599_000, 4))]),
  ]);
  expect(subject.column("start_at")).toEqual([NOW_MS - 1_000]);
  expect(subject.column("src_addr")).toEqual(["10.0.0.1"]);
  expect(ip("10.0.0.1")).toEqual([10, 0, 0, 1]);
});
