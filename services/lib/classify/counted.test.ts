import { describe, expect, test } from "vitest";
import { Repeats } from "./repeats.ts";
import { batchOf, TEST_TIME, type TestFlow } from "./test-batch.ts";
import { classifierOf, classifyAll, REPEAT_WINDOW_MS } from "./test-registry.ts";

const EXPORTERS = `
exporters:
  - { exporter: 198.18.1.1, observation_point: man }
  - { exporter: 198.18.1.2, observation_point: man }
  - { exporter: 198.18.2.1, observation_point: backbone }
  - { exporter: 198.18.2.2, observation_point: backbone }
  - { exporter: 198.18.3.1, observation_point: interconnect }
  - exporter: 198.18.4.1
    observation_point: man
    interfaces: { 7: { counted: false } }
`;
const [MAN_A, MAN_B] = ["198.18.1.1", "198.18.1.2"];
const [BACKBONE_A, BACKBONE_B] = ["198.18.2.1", "198.18.2.2"];
const INTERCONNECT = "198.18.3.1";
const flow = { src: "240e:30c::1", dst: "2400:3200::1" };
const at = (seconds: number) => new Date(Date.parse(TEST_TIME) + seconds * 1000).toISOString();
const WINDOW_S = REPEAT_WINDOW_MS / 1000;

/** The column counted of records in the order they arrive. */
function countedOf(flows: readonly TestFlow[]): number[] {
  return classifyAll(classifierOf({ "exporters.yaml": EXPORTERS }), flows).map(({ counted }) => counted);
}

describe("one flow seen at several routers counts once per type of observation point", () => {
  test("the second router of the same type repeats the first", () => {
    expect(
      countedOf([
        { ...flow, exporter: MAN_A },
        { ...flow, exporter: MAN_B },
      ]),
    ).toEqual([2, 0]);
  });

  test("every record of the owner counts: an active timeout splits a flow", () => {
    expect(
      countedOf([
        { ...flow, exporter: MAN_A, receivedAt: at(0) },
        { ...flow, exporter: MAN_B, receivedAt: at(1) },
        { ...flow, exporter: MAN_A, receivedAt: at(60) },
        { ...flow, exporter: MAN_B, receivedAt: at(61) },
        { ...flow, exporter: MAN_A, receivedAt: at(120) },
      ]),
    ).toEqual([2, 0, 2, 0, 2]);
  });

  test("at another type it counts there, but not as the first sighting anywhere", () => {
    expect(
      countedOf([
        { ...flow, exporter: MAN_A },
        { ...flow, exporter: BACKBONE_A },
        { ...flow, exporter: BACKBONE_B },
        { ...flow, exporter: INTERCONNECT },
        { ...flow, exporter: MAN_B },
        { ...flow, exporter: BACKBONE_A },
        { ...flow, exporter: MAN_A },
      ]),
    ).toEqual([2, 1, 0, 1, 0, 1, 2]);
  });

  test("sums over first sightings count each flow once, whatever the order of arrival", () => {
    const sightings = [MAN_A, MAN_B, BACKBONE_A, BACKBONE_B, INTERCONNECT].map((exporter) => ({ ...flow, exporter }));
    for (let turn = 0; turn < sightings.length; turn++) {
      const counted = countedOf([...sightings.slice(turn), ...sightings.slice(0, turn)]);
      expect(counted.filter((count) => count === 2)).toHaveLength(1);
      expect(counted.filter((count) => count === 1)).toHaveLength(2);
    }
  });

  test("a router that meters at ingress and egress counts the flow once", () => {
    expect(
      countedOf([
        { ...flow, exporter: MAN_A, metered: "ingress" },
        { ...flow, exporter: MAN_A, metered: "egress" },
        { ...flow, exporter: MAN_A, metered: "ingress" },
      ]),
    ).toEqual([2, 0, 2]);
  });

  test("the two directions of a connection are two flows", () => {
    const back = { src: flow.dst, dst: flow.src, srcPort: 443, dstPort: 40_000 };
    expect(
      countedOf([
        { ...flow, exporter: MAN_A },
        { ...back, exporter: MAN_B },
      ]),
    ).toEqual([2, 2]);
  });

  test("equal-cost paths: flows over two routers count once each, and none of them twice", () => {
    const flows = Array.from({ length: 200 }, (_, i) => ({
      ...flow,
      srcPort: 1_024 + i,
      exporter: i % 2 ? MAN_A : MAN_B,
    }));
    const again = flows.map((path) => ({ ...path, exporter: path.exporter === MAN_A ? MAN_B : MAN_A }));
    expect(countedOf(flows).every((count) => count === 2)).toBe(true);
    expect(countedOf([...flows, ...again]).filter((count) => count > 0)).toHaveLength(200);
  });

  test("routers that are not registered are one type", () => {
    expect(
      countedOf([
        { ...flow, exporter: "198.18.9.1" },
        { ...flow, exporter: "198.18.9.2" },
      ]),
    ).toEqual([2, 0]);
  });

  test.each([
    { part: "source", other: { src: "240e:30c::2" } },
    { part: "destination", other: { dst: "2400:3200::2" } },
    { part: "source port", other: { srcPort: 1 } },
    { part: "destination port", other: { dstPort: 1 } },
    { part: "protocol", other: { protocol: 17 } },
  ])("another $part is another flow", ({ other }) => {
    expect(
      countedOf([
        { ...flow, exporter: MAN_A },
        { ...flow, ...other, exporter: MAN_B },
      ]),
    ).toEqual([2, 2]);
  });

  test("IPv4 flows are told apart by their four bytes", () => {
    const v4 = { src: "100.64.0.1", dst: "39.156.66.10" };
    expect(
      countedOf([
        { ...v4, exporter: MAN_A },
        { ...v4, exporter: MAN_B },
        { ...v4, src: "100.64.0.2", exporter: MAN_B },
        { ...v4, dst: "39.156.66.11", exporter: MAN_B },
      ]),
    ).toEqual([2, 0, 2, 2]);
  });
});

describe("the window", () => {
  test("a silent owner loses the flow when the window has passed, not a moment before", () => {
    expect(
      countedOf([
        { ...flow, exporter: MAN_A, receivedAt: at(0) },
        { ...flow, exporter: MAN_B, receivedAt: at(WINDOW_S - 0.001) },
        { ...flow, exporter: MAN_B, receivedAt: at(WINDOW_S) },
        { ...flow, exporter: MAN_A, receivedAt: at(WINDOW_S + 1) },
      ]),
    ).toEqual([2, 0, 2, 0]);
  });

  test("repeats do not keep the flow with its owner", () => {
    const repeats = Array.from({ length: 9 }, (_, i) => ({ ...flow, exporter: MAN_B, receivedAt: at((i + 1) * 60) }));
    expect(countedOf([{ ...flow, exporter: MAN_A, receivedAt: at(0) }, ...repeats])).toEqual([
      2, 0, 0, 0, 0, 2, 2, 2, 2, 2,
    ]);
  });

  test("when the first type falls silent, the owner at another type becomes the first sighting", () => {
    expect(
      countedOf([
        { ...flow, exporter: MAN_A, receivedAt: at(0) },
        { ...flow, exporter: BACKBONE_A, receivedAt: at(200) },
        { ...flow, exporter: BACKBONE_B, receivedAt: at(350) },
        { ...flow, exporter: BACKBONE_A, receivedAt: at(360) },
        { ...flow, exporter: MAN_A, receivedAt: at(370) },
        { ...flow, exporter: BACKBONE_B, receivedAt: at(380) },
      ]),
    ).toEqual([2, 1, 0, 2, 1, 0]);
  });

  test("a record that arrives late does not end its flow's ownership", () => {
    expect(
      countedOf([
        { ...flow, exporter: MAN_A, receivedAt: at(400) },
        { ...flow, exporter: MAN_A, receivedAt: at(0) },
        { ...flow, exporter: MAN_B, receivedAt: at(410) },
      ]),
    ).toEqual([2, 2, 0]);
  });
});

describe("records that are no flow", () => {
  test("an interface registered with counted: false counts nothing and claims no flow", () => {
    const classifier = classifierOf({ "exporters.yaml": EXPORTERS });
    const found = classifyAll(classifier, [
      { ...flow, exporter: "198.18.4.1", inIf: 7 },
      { ...flow, exporter: MAN_A },
      { ...flow, srcPort: 5, exporter: "198.18.4.1", inIf: 1, outIf: 7 },
      { ...flow, srcPort: 6, exporter: "198.18.4.1", inIf: 1, outIf: 7, metered: "egress" },
    ]);
    expect(found.map(({ counted }) => counted)).toEqual([0, 2, 2, 0]);
    expect(classifier.totals).toMatchObject({ interfaceExcluded: 2, repeats: 0 });
  });

  test("records without IP or without both addresses cannot be recognised, and count", () => {
    const flows = [{ ipVersion: 0 }, { ipVersion: 4 }, { src: "218.60.1.2" }, { dst: "2400:3200::1" }];
    const twice = [MAN_A, MAN_B].flatMap((exporter) => flows.map((known) => ({ ...known, exporter })));
    expect(countedOf(twice)).toEqual([2, 2, 2, 2, 2, 2, 2, 2]);
  });
});

test("repeats are found across batches, and counted", () => {
  const classifier = classifierOf({ "exporters.yaml": EXPORTERS });
  classifyAll(classifier, [{ ...flow, exporter: MAN_A }]);
  expect(classifyAll(classifier, [{ ...flow, exporter: MAN_B }])[0]?.counted).toBe(0);
  expect(classifier.totals).toMatchObject({ rows: 2, repeats: 1, repeatEvictions: 0 });
});

test("after a restart, flows that are remembered are not counted again", () => {
  const past = batchOf([
    { ...flow, exporter: MAN_A },
    { ...flow, exporter: MAN_B },
  ]);
  const restarted = classifierOf({ "exporters.yaml": EXPORTERS });
  restarted.remember(past);
  expect(restarted.totals).toMatchObject({ rows: 0, repeats: 0 });
  const found = classifyAll(
    restarted,
    [MAN_B, MAN_A, BACKBONE_A].map((exporter) => ({ ...flow, exporter })),
  );
  expect(found.map(({ counted }) => counted)).toEqual([0, 2, 1]);
});

test("addresses at odd places in memory are read as well", () => {
  const classifier = classifierOf({ "exporters.yaml": EXPORTERS });
  for (const [exporter, counted] of [
    [MAN_A, 2],
    [MAN_B, 0],
  ] as const) {
    const batch = batchOf([{ ...flow, exporter }]);
    const { src_addr } = batch.columns;
    // A Buffer, as it comes from a socket: its slice() shares memory.
    const shifted = Buffer.alloc(src_addr.length + 1).subarray(1);
    shifted.set(src_addr);
    batch.columns.src_addr = shifted;
    classifier.classify(batch);
    expect(batch.columns.counted[0]).toBe(counted);
  }
});

describe("the table of flows is bounded", () => {
  test("a fresh flow that has to be forgotten is counted; it counts again when it returns", () => {
    const repeats = new Repeats(1_000, 8);
    // All in one set: the set is chosen by the low word.
    for (let i = 1; i <= 8; i++) expect(repeats.sight(0, i, 16, 1, 1_000 + i)).toBe(2);
    expect(repeats.evictions).toBe(0);
    expect(repeats.sight(0, 9, 16, 1, 1_100)).toBe(2);
    expect(repeats.evictions).toBe(1);
    expect(repeats.sight(0, 2, 32, 1, 1_101)).toBe(0);
    expect(repeats.sight(0, 1, 32, 1, 1_102)).toBe(2);
  });

  test("stale flows make room without being counted", () => {
    const repeats = new Repeats(1_000, 8);
    for (let i = 1; i <= 80; i++) repeats.sight(0, i, 16, 1, i * 1_000);
    expect(repeats.evictions).toBe(0);
  });
});
