import { addressBytes } from "@v6meter/schemas";
import { expect, test } from "vitest";
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

const templateSet = set(2, template(256, SMALL));
const parked = (bytes: number) => ipfix([set(400, small(bytes))]);

/** The compacted topic: the last value of each key, as a bus keeps it. */
class Topic {
  readonly entries = new Map<string, Uint8Array>();

  store(subject: Subject): this {
    for (const [key, value] of subject.decoder.takeState()) {
      if (value === null) this.entries.delete(key);
      else this.entries.set(key, value);
    }
    return this;
  }

  restart(): Subject {
    const subject = new Subject();
    subject.decoder.restore(this.entries);
    return subject;
  }
}

test("templates, rates, boot time and names outlive a restart", () => {
  const options = [
    set(
      3,
      optionsTemplate(
        300,
        [[10, 4]],
        [
          [34, 4],
          [82, 4],
          [160, 8],
          [300, 4],
        ],
      ),
    ),
    set(300, uint(9, 4), uint(50, 4), [0x67, 0x65, 0x30, 0], uint(NOW_MS - 10_000, 8), [0x62, 0x72, 0x31, 0]),
  ];
  const flows = set(2, template(256, [...SMALL, [10, 4], [22, 4]]));
  const after = new Topic().store(new Subject().give(ipfix([...options, flows]))).restart();
  after.give(ipfix([set(256, small(), uint(9, 4), uint(4_000, 4))]));
  expect(after.column("sampling_rate")).toEqual([50]);
  expect(after.column("start_at")).toEqual([NOW_MS - 6_000]);
  expect(after.decoder.takeStatus()).toMatchObject([
    {
      templates: 2,
      options_templates: 1,
      name: "br1",
      interfaces: [{ index: 9, name: "ge0", description: "" }],
      first_seen_at_ms: NOW_MS,
    },
  ]);
});

test("parked data outlives a restart, is decoded once, and is held all the time", () => {
  const topic = new Topic();
  const before = new Subject().give([parked(1), parked(2)]);
  topic.store(before);
  before.give(parked(3));
  topic.store(before);
  expect(before.booked("decode", "held")).toBe(3);
  const after = topic.restart();
  expect(after.booked("decode", "held")).toBe(0);
  after.give(ipfix([set(2, template(400, SMALL))]));
  expect(after.column("bytes")).toEqual([1, 2, 3]);
  expect(after.booked("decode", "held")).toBe(-3);
  topic.store(after);
  expect([...topic.entries.keys()]).toEqual(["192.0.2.1"]);
  expect(topic.restart().give(ipfix([set(2, template(400, SMALL))])).rows).toBe(0);
});

test("of parked data only what is still parked comes back", () => {
  const topic = new Topic();
  const before = new Subject().give([parked(1), ipfix([set(401, small(2))]), parked(3)]);
  topic.store(before);
  before.give(ipfix([set(2, template(401, SMALL))]));
  topic.store(before);
  const after = topic.restart().give(ipfix([set(2, template(400, SMALL), template(401, SMALL))]));
  expect(after.column("bytes")).toEqual([1, 3]);
});

test("parked data is stored once, not with every change of its exporter", () => {
  const subject = new Subject().give(ipfix([set(400, ...Array.from({ length: 60 }, () => small()))]));
  const first = [...subject.decoder.takeState().values()].reduce((sum, value) => sum + (value?.length ?? 0), 0);
  subject.give(ipfix([templateSet]));
  const second = [...subject.decoder.takeState().values()].reduce((sum, value) => sum + (value?.length ?? 0), 0);
  expect(first).toBeGreaterThan(960);
  expect(second).toBeLessThan(400);
});

test("an exporter is released when all of it was taken and nothing is parked, and another decoder goes on", () => {
  const topic = new Topic();
  const before = new Subject().give([ipfix([templateSet]), ipfix([set(256, small(1))])]);
  const release = () => before.decoder.release(addressBytes("192.0.2.1") as Uint8Array);
  expect(release()).toBe(false);
  topic.store(before);
  before.decoder.takeStatus();
  expect(release()).toBe(false);
  before.booked("receive", "received");
  expect(release()).toBe(true);
  expect(before.decoder.totals.exporters).toBe(0);
  expect(before.decoder.takeState().size).toBe(0);
  expect(
    topic
      .restart()
      .give(ipfix([set(256, small(2))]))
      .column("bytes"),
  ).toEqual([2]);
  expect(release()).toBe(true);
});

test("an exporter with parked data is not released", () => {
  const subject = new Subject().give(parked(1));
  subject.decoder.takeState();
  subject.decoder.takeStatus();
  subject.decoder.takeLedger();
  expect(subject.decoder.release(addressBytes("192.0.2.1") as Uint8Array)).toBe(false);
  subject.give(ipfix([set(2, template(400, SMALL))]));
  expect(subject.column("bytes")).toEqual([1]);
});

test("exporters that are forgotten are told", () => {
  const subject = new Subject().give(ipfix([templateSet])).give(ipfix([templateSet]), { exporter: "2001:db8::7" });
  expect(subject.decoder.expire(NOW_MS)).toEqual([]);
  expect(subject.decoder.expire(NOW_MS + 100_000_000)).toEqual(["192.0.2.1", "2001:db8::7"]);
  expect(subject.decoder.expire(NOW_MS + 100_000_000)).toEqual([]);
});

test("only exporters that changed are in the state", () => {
  const subject = new Subject().give(ipfix([templateSet])).give(ipfix([templateSet]), { exporter: "2001:db8::7" });
  expect([...subject.decoder.takeState().keys()]).toEqual(["192.0.2.1", "2001:db8::7"]);
  expect(subject.decoder.takeState().size).toBe(0);
  subject.give(legacy(5, [legacyRecord()]), { exporter: "2001:db8::7" });
  expect([...subject.decoder.takeState().keys()]).toEqual(["2001:db8::7"]);
});

test("entries that cannot be read are counted and left out, the others are taken", () => {
  const subject = new Subject()
    .give(ipfix([templateSet]))
    .give(v9([set(0, template(256, SMALL))]), { exporter: "192.0.2.2" });
  const state = new Map(subject.decoder.takeState() as Map<string, Uint8Array>);
  const good = state.get("192.0.2.1") as Uint8Array;
  for (const [i, bad] of [
    new Uint8Array(0),
    good.slice(0, -1),
    Uint8Array.from([99, ...good.slice(1)]),
    new Uint8Array(500).fill(0xff),
  ].entries())
    state.set(`198.51.100.${i}`, bad);
  state.set("no address", good);
  const after = new Subject();
  after.decoder.restore(state);
  expect(after.decoder.totals.unreadableStates).toBe(5);
  expect(after.decoder.totals.exporters).toBe(2);
  after.give(ipfix([set(256, small())]));
  expect(after.rows).toBe(1);
});

test("an exporter's state cut at any byte is refused or read, never thrown", () => {
  const subject = new Subject().give([ipfix([templateSet]), parked(1)]);
  const state = subject.decoder.takeState() as Map<string, Uint8Array>;
  const whole = state.get("192.0.2.1") as Uint8Array;
  for (let length = 0; length < whole.length; length++) {
    const after = new Subject();
    after.decoder.restore(new Map([...state, ["192.0.2.1", whole.slice(0, length)]]));
    expect(after.decoder.totals.unreadableStates, `at ${length}`).toBe(1);
  }
});

test.each([2, 0xffff_ffff])("a state that claims %d parked sets where its bundle has one is refused", (count) => {
  const state = new Subject().give([ipfix([templateSet]), parked(1)]).decoder.takeState() as Map<string, Uint8Array>;
  const entry = state.get("192.0.2.1") as Uint8Array;
  const end = new DataView(entry.buffer, entry.byteLength - 4);
  expect(end.getUint32(0)).toBe(1);
  end.setUint32(0, count);
  const after = new Subject();
  after.decoder.restore(state);
  expect(after.decoder.totals).toMatchObject({ unreadableStates: 1, exporters: 0 });
});

test("nothing is kept of the caller's memory: datagram, address and state may be overwritten", () => {
  const subject = new Subject();
  const datagram = Buffer.from(parked(5));
  const address = Buffer.from([...new Array<number>(10).fill(0), 255, 255, 192, 0, 2, 1]);
  subject.decoder.decode(datagram, address, 2_000, NOW_MS, subject);
  datagram.fill(0);
  address.fill(0);
  const state = new Map<string, Uint8Array>();
  for (const [key, value] of subject.decoder.takeState()) state.set(key, Buffer.from(value as Uint8Array));
  const after = new Subject();
  after.decoder.restore(state);
  for (const value of state.values()) value.fill(0);
  for (const it of [subject, after]) {
    it.give(ipfix([set(2, template(400, SMALL))]));
    expect(it.column("bytes")).toEqual([5]);
    expect(it.column("exporter")).toEqual(["192.0.2.1"]);
  }
});
