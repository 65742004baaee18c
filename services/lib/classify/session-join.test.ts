import { SessionTable } from "@v6meter/sessions";
import { sessionBatchOf, type TestEvent } from "@v6meter/sessions/test-events";
import { describe, expect, test } from "vitest";
import type { TestFlow } from "./test-batch.ts";
import { classifierOf, classifyAll, type RegistryTexts } from "./test-registry.ts";

const NOON = "2026-11-24T12:00:00.000+08:00";
const at = (ms: number) => new Date(Date.parse(NOON) + ms).toISOString();

const REGISTRY: RegistryTexts = {
  "prefixes.csv": `prefix,operator,region,access,subscriber_prefix_length,subscriber_pool
2409:8914::/32,mobile,210100,mobile,64,
2409:8a14::/32,mobile,210200,fixed,56,
2409:8a14:ff00::/40,,,,64,wan
36.1.0.0/16,mobile,210100,mobile,,
`,
  "exporters.yaml": `exporters:
  - { exporter: 198.18.0.1, region: "210100", operator: mobile, access: mobile, observation_point: mobile_core }
  - { exporter: 198.18.0.2, region: "210200", operator: mobile, access: fixed, observation_point: access }
  - { exporter: 198.18.0.3 }
`,
  "transition.yaml": `ds_lite: { aftr: ["2409:8000:1::/64"] }
`,
};

const MOBILE = "2409:8914:0:1::5";
const server = (other: string) => (other.includes(":") ? "2400:3200::1" : "8.8.8.8");
const up = (src: string, rest: Partial<TestFlow> = {}): TestFlow => ({
  exporter: "198.18.0.3",
  src,
  dst: server(src),
  receivedAt: NOON,
  tcpFlags: 0x1b,
  ...rest,
});
const down = (dst: string, rest: Partial<TestFlow> = {}): TestFlow => ({
  exporter: "198.18.0.3",
  src: server(dst),
  dst,
  srcPort: 443,
  dstPort: 40_000,
  receivedAt: NOON,
  tcpFlags: 0x1b,
  ...rest,
});

const start = (session: number, rest: Partial<TestEvent>): TestEvent => ({
  status: "start",
  at: Date.parse(NOON) - 3_600_000,
  session,
  subscriber: session * 16,
  ...rest,
});

function tableOf(events: readonly TestEvent[]): SessionTable {
  const table = new SessionTable({ slots: 16, windowMs: 3_600_000, graceMs: 2_000 });
  table.apply(sessionBatchOf(events));
  return table;
}

/** The subscribers of flows, as hexadecimal numbers, null where not of a session. */
function joined(events: readonly TestEvent[], flows: readonly TestFlow[]) {
  return classifyAll(classifierOf(REGISTRY, tableOf(events)), flows).map(({ method, subscriber }) =>
    method === "session" && subscriber !== null ? Number.parseInt(subscriber, 16) / 16 : null,
  );
}

describe("a flow meets the session that held its subscriber's address", () => {
  test("in either direction, and keeps the hash of its prefix beside", () => {
    const rows = classifyAll(classifierOf(REGISTRY, tableOf([start(1, { framed: "2409:8914:0:1::/64" })])), [
      up(MOBILE),
      down(MOBILE),
      up("2409:8914:0:2::5"),
    ]);
    expect(rows.map(({ method, subscriber }) => [method, subscriber])).toEqual([
      ["session", "0000000000000010"],
      ["session", "0000000000000010"],
      ["prefix", rows[2]?.prefix],
    ]);
    expect(rows[0]?.prefix).toMatch(/^[0-9a-f]{16}$/);
    expect(rows[0]?.prefix).not.toBe(rows[0]?.subscriber);
    expect(rows[1]?.prefix).toBe(rows[0]?.prefix);
  });

  test("an address that is handed over at 12:00:00 splits to the millisecond", () => {
    const events = [
      start(1, { framed: "2409:8914:0:1::/64" }),
      start(2, { at: Date.parse(NOON), framed: "2409:8914:0:1::/64" }),
    ];
    const flows = [-1, 0, 1].map((ms) => up(MOBILE, { startAt: at(ms), receivedAt: at(60_000) }));
    expect(joined(events, flows)).toEqual([1, 2, 2]);
    expect(joined(events.toReversed(), flows)).toEqual([1, 2, 2]);
  });

  test("the time of a flow is its start where that can be, else when it was received", () => {
    const events = [
      start(1, { at: Date.parse(at(-10 * 3_600_000)), framed: "2409:8914:0:1::/64" }),
      start(2, { at: Date.parse(NOON), framed: "2409:8914:0:1::/64" }),
    ];
    const hour = 3_600_000;
    const flows = [
      up(MOBILE, { startAt: at(-2 * hour), receivedAt: NOON }),
      up(MOBILE, { startAt: at(-2 * hour - 1), receivedAt: NOON }),
      up(MOBILE, { startAt: at(30_000), receivedAt: at(-30_000) }),
      up(MOBILE, { startAt: at(30_001), receivedAt: at(-30_000) }),
      up(MOBILE, { receivedAt: at(-1) }),
    ];
    expect(joined(events, flows)).toEqual([1, 2, 2, 1, 1]);
  });

  test("the key of its subscriber is the one in force when it was received, as months are cut by arrival", () => {
    const events = [start(1, { framed: "2409:8914:0:1::/64", next: [2 * 16, Date.parse(NOON)] })];
    const flows = [
      up(MOBILE, { startAt: at(-60_000), receivedAt: at(-1) }),
      up(MOBILE, { startAt: at(-60_000), receivedAt: NOON }),
      up(MOBILE, { startAt: at(30_000), receivedAt: at(-1) }),
    ];
    expect(joined(events, flows)).toEqual([1, 2, 1]);
  });

  test("a session that is told late is met by the flows that come after", () => {
    const table = tableOf([]);
    const classifier = classifierOf(REGISTRY, table);
    const flow = up(MOBILE, { startAt: at(-60_000) });
    expect(classifyAll(classifier, [flow])[0]?.method).toBe("prefix");
    table.apply(
      sessionBatchOf([
        { status: "stop", at: Date.parse(at(-1_000)), session: 1, subscriber: 16 },
        start(1, { framed: "2409:8914:0:1::/64" }),
      ]),
    );
    const rows = classifyAll(classifier, [flow, up(MOBILE, { startAt: at(1_500) })]);
    expect(rows.map(({ method }) => method)).toEqual(["session", "prefix"]);
    expect(classifier.totals).toMatchObject({ sessionRows: 1, sessionlessRows: 2 });
  });

  test("a shared IPv4 address has a subscriber by its block of ports alone", () => {
    const flows = [
      up("36.1.2.3", { srcPort: 2_000 }),
      up("36.1.2.3", { srcPort: 9_000 }),
      down("36.1.2.3", { dstPort: 2_000 }),
    ];
    const inside = start(1, { v4: "100.64.0.9", operator: "mobile", region: "210100" });
    expect(joined([inside], flows)).toEqual([null, null, null]);
    expect(joined([start(2, { v4: "36.1.2.3", ports: [1_024, 2_047] })], flows)).toEqual([2, null, 2]);
  });

  test("a private IPv4 address that two cities use goes to the one of the flow's place", () => {
    const events = [
      start(1, { v4: "100.64.0.9", operator: "mobile", region: "210100" }),
      start(2, { v4: "100.64.0.9", operator: "mobile", region: "210200" }),
    ];
    const flows = ["198.18.0.1", "198.18.0.2", "198.18.0.3"].map((exporter) =>
      up("100.64.0.9", { exporter, dst: "8.8.8.8" }),
    );
    expect(joined(events, flows)).toEqual([1, 2, null]);
  });

  test("IPv4 within DS-Lite meets the session of the tunnel's address", () => {
    const flow: TestFlow = {
      exporter: "198.18.0.2",
      src: "192.168.1.5",
      dst: "8.8.8.8",
      outerSrc: "2409:8a14:5600:1::1",
      outerDst: "2409:8000:1::1",
      outerProtocol: 4,
      receivedAt: NOON,
    };
    const rows = classifyAll(classifierOf(REGISTRY, tableOf([start(1, { delegated: "2409:8a14:5600::/56" })])), [flow]);
    expect(rows).toMatchObject([
      { technology: "ds_lite", method: "session", subscriber: "0000000000000010", active: 4 },
    ]);
  });

  test("an address of a wan pool has no prefix of its own and meets its session", () => {
    const wan = "2409:8a14:ff00:1::2";
    const table = tableOf([start(1, { framed: "2409:8a14:ff00:1::/64", delegated: "2409:8a14:5600::/56" })]);
    const rows = classifyAll(classifierOf(REGISTRY, table), [
      up(wan),
      up("2409:8a14:ff00:9::2"),
      up("2409:8a14:5600:77::1"),
    ]);
    expect(rows.map(({ method, subscriber, prefix }) => [method, subscriber, prefix])).toEqual([
      ["session", "0000000000000010", null],
      ["unknown", null, null],
      ["session", "0000000000000010", expect.stringMatching(/^[0-9a-f]{16}$/)],
    ]);
  });

  test("what the session tells of operator, region and access goes before what the flow tells", () => {
    const events = [start(1, { framed: "2409:8914:0:1::/64", operator: "broadnet", region: "210300", access: "iot" })];
    const [row] = classifyAll(classifierOf(REGISTRY, tableOf(events)), [up(MOBILE)]);
    expect(row).toMatchObject({ operator: "broadnet", region: "210300", access: "iot" });
  });

  test("a word of a session that the registry does not have changes nothing", () => {
    const events = [start(1, { framed: "2409:8914:0:1::/64", operator: "nobody", region: "999999", access: "iot" })];
    const [row] = classifyAll(classifierOf(REGISTRY, tableOf(events)), [up(MOBILE)]);
    expect(row).toMatchObject({ operator: "mobile", region: "210100", access: "iot", method: "session" });
  });
});

describe("activity", () => {
  const family = (flow: TestFlow) => classifyAll(classifierOf(REGISTRY), [flow])[0]?.active;

  test.each<[string, TestFlow, number]>([
    ["what a subscriber sends on IPv6", up(MOBILE), 6],
    ["what a subscriber sends on IPv4", up("36.1.2.3", { dst: "8.8.8.8" }), 4],
    ["UDP", up(MOBILE, { protocol: 17, tcpFlags: 0 }), 6],
    ["the opening of a connection", up(MOBILE, { tcpFlags: 0x02 }), 6],
    ["TCP whose flags the exporter does not tell", up(MOBILE, { tcpFlags: 0 }), 6],
    ["a connection that ends in a reset", up(MOBILE, { tcpFlags: 0x16 }), 6],
    ["NAT64", up(MOBILE, { dst: "64:ff9b::8.8.8.8" }), 6],
    ["6to4, of which the address is the subscriber's", up("2409:8914:0:1::9", { dst: "2002:c000:201::1" }), 6],
    ["traffic between two subscribers", up(MOBILE, { dst: "2409:8914:0:2::5" }), 6],
    ["what a subscriber is sent", down(MOBILE), 0],
    ["ping on IPv6", up(MOBILE, { protocol: 58, tcpFlags: 0 }), 0],
    ["ping on IPv4", up("36.1.2.3", { dst: "8.8.8.8", protocol: 1, tcpFlags: 0 }), 0],
    ["a query of DNS", up(MOBILE, { dstPort: 53, protocol: 17, tcpFlags: 0 }), 0],
    ["an answer of DNS", up(MOBILE, { srcPort: 53, protocol: 17, tcpFlags: 0 }), 0],
    ["DNS over TCP", up(MOBILE, { dstPort: 53 }), 0],
    ["a reset in answer to a scan", up(MOBILE, { tcpFlags: 0x14 }), 0],
    ["a bare reset", up(MOBILE, { tcpFlags: 0x04 }), 0],
    ["SYN and ACK alone", up(MOBILE, { tcpFlags: 0x12 }), 0],
    ["SYN and ACK with ECN", up(MOBILE, { tcpFlags: 0x52 }), 0],
    ["traffic of no subscriber", up("2400:3200::9"), 0],
    ["a special address", up(MOBILE, { dst: "2001:db8::1" }), 0],
  ])("%s", (_, flow, active) => expect(family(flow)).toBe(active));

  test("a second sighting of a flow shows none", () => {
    const flows = [up(MOBILE, { exporter: "198.18.0.1" }), up(MOBILE, { exporter: "198.18.0.1", metered: "egress" })];
    expect(classifyAll(classifierOf(REGISTRY), flows).map(({ counted, active }) => [counted, active])).toEqual([
      [2, 6],
      [0, 0],
    ]);
  });

  test.each<[string, TestFlow[]]>([
    ["pings alone", [up(MOBILE, { protocol: 58, tcpFlags: 0 }), down(MOBILE, { protocol: 58, tcpFlags: 0 })]],
    ["asks DNS alone", [up(MOBILE, { dstPort: 53, protocol: 17 }), down(MOBILE, { srcPort: 53, protocol: 17 })]],
    [
      "is scanned alone",
      [
        down(MOBILE, { srcPort: 50_000, dstPort: 23, tcpFlags: 0x02 }),
        up(MOBILE, { srcPort: 23, dstPort: 50_000, tcpFlags: 0x14 }),
        down(MOBILE, { srcPort: 50_001, dstPort: 80, tcpFlags: 0x02 }),
        up(MOBILE, { srcPort: 80, dstPort: 50_001, tcpFlags: 0x12 }),
      ],
    ],
  ])("a subscriber with a session who %s is not active", (_, flows) => {
    const table = tableOf([start(1, { framed: "2409:8914:0:1::/64" })]);
    const rows = classifyAll(classifierOf(REGISTRY, table), flows);
    expect(rows.map(({ method, active }) => [method, active])).toEqual(flows.map(() => ["session", 0]));
  });
});
