import type { ExporterStatus } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  get,
  insertExporters,
  insertFlows,
  insertLedger,
  KEY,
  openTestStore,
  testService,
  unreachableStore,
} from "./province.test-data.ts";

const AT = "2026-11-23T16:00:00Z";
const LATER = "2026-11-24T16:00:00Z";

const STREAM: ExporterStatus = {
  exporter: "192.0.2.1",
  version: 9,
  observation_domain: 7,
  source_port: 40_000,
  first_seen_at_ms: Date.parse(AT),
  last_seen_at_ms: Date.parse(AT) + 61_500,
  templates: 3,
  options_templates: 1,
  sampling: [{ sampler: 1, rate: 1_000 }],
  sampling_source: "options",
  clock_offset_ms: -20,
  clock_off: false,
  interfaces: [{ index: 5, name: "ge-0/0/5", description: "到大连" }],
  name: "shenyang-man-1",
};

let store: Store;
let close: () => Promise<void>;
let service: ReturnType<typeof testService>;

beforeAll(async () => {
  ({ store, close } = await openTestStore());
  service = testService(store, {
    live: async () => [
      {
        name: "v6meter_bus_lag_messages",
        help: "Messages not committed",
        kind: "gauge",
        values: [{ labels: { partition: "0" }, value: 4 }],
      },
      { name: "v6meter_intake_batches_total", help: "Batches published", kind: "counter", values: [{ value: 17 }] },
    ],
  });
  await insertLedger(store, [
    { at: AT, exporter: "192.0.2.1", stage: "receive", outcome: "received", count: 100 },
    { at: AT, exporter: "192.0.2.1", stage: "receive", outcome: "forwarded", count: 97 },
    { at: AT, exporter: "192.0.2.1", stage: "receive", outcome: "dropped", reason: "header_short", count: 2 },
    { at: AT, exporter: "192.0.2.1", stage: "receive", outcome: "dropped", reason: "duplicate_datagram", count: 1 },
    { at: AT, exporter: "192.0.2.1", stage: "receive", outcome: "expected", count: 110 },
    { at: AT, exporter: "192.0.2.1", stage: "receive", outcome: "lost", count: 11 },
    { at: AT, exporter: "192.0.2.1", stage: "decode", outcome: "received", count: 9_007_199_254_740_991 },
    { at: AT, exporter: "192.0.2.1", stage: "decode", outcome: "forwarded", count: 9_007_199_254_740_991 },
    { at: LATER, exporter: "192.0.2.1", stage: "decode", outcome: "received", count: 10 },
    { at: LATER, exporter: "192.0.2.1", stage: "decode", outcome: "held", count: 10 },
    { at: LATER, exporter: "2001:db8::1", stage: "write", outcome: "received", count: 5 },
    { at: LATER, exporter: "2001:db8::1", stage: "write", outcome: "forwarded", count: 4 },
    { at: LATER, exporter: "::", stage: "receive", outcome: "received", count: 3 },
    { at: LATER, exporter: "::", stage: "receive", outcome: "dropped", reason: "kernel_buffer", count: 3 },
  ]);
  await insertExporters(store, [
    STREAM,
    {
      ...STREAM,
      source_port: 40_001,
      last_seen_at_ms: Date.parse(AT) + 30_000,
      sampling: [{ sampler: null, rate: 512 }],
      sampling_source: "unknown",
      clock_offset_ms: 90_000,
      clock_off: true,
      name: "",
    },
  ]);
  await insertExporters(store, [{ ...STREAM, last_seen_at_ms: Date.parse(AT) + 120_000, templates: 4 }]);
  await insertFlows(store, [{ at: AT }]);
});

afterAll(async () => {
  await service.stop();
  await close();
});

describe("ledger", () => {
  test("every stage is received = forwarded + held + dropped by reason, or is shown as not balanced", async () => {
    const { body } = await get(service, "/api/v1/ledger");
    const router = body.exporters.find((books: { exporter: string }) => books.exporter === "192.0.2.1");
    expect(router.stages.receive).toEqual({
      unit: "datagrams",
      received: "100",
      forwarded: "97",
      held: "0",
      dropped: "3",
      dropped_by_reason: { header_short: "2", duplicate_datagram: "1" },
      balanced: true,
    });
    expect(router.sequence).toEqual({ expected: "110", lost: "11", reordered: "0", duplicated: "0" });
    expect(router.completeness).toBeCloseTo(0.9, 12);
    expect(router.balanced).toBe(true);
    const broken = body.exporters.find((books: { exporter: string }) => books.exporter === "2001:db8::1");
    expect(broken.stages.write.balanced).toBe(false);
    expect(broken.balanced).toBe(false);
    expect(body.total.balanced).toBe(false);
    expect(body.period).toBeNull();
  });

  test("the total holds what no exporter is known for", async () => {
    const { body } = await get(service, "/api/v1/ledger");
    expect(body.total.stages.receive.received).toBe("103");
    expect(body.total.stages.receive.dropped_by_reason.kernel_buffer).toBe("3");
    expect(body.exporters.map((books: { exporter: string }) => books.exporter)).toContain("::");
  });

  test("counts above 2^53 are exact strings", async () => {
    const { body } = await get(service, "/api/v1/ledger?exporter=192.0.2.1");
    expect(body.total.stages.decode).toMatchObject({ received: "9007199254741001", held: "10", balanced: true });
  });

  test("a day of the ledger is cut at UTC+8", async () => {
    const { body } = await get(service, "/api/v1/ledger?day=2026-11-25");
    expect(body.period).toEqual({
      from: "2026-11-25T00:00:00+08:00",
      to: "2026-11-26T00:00:00+08:00",
      zone: "Asia/Shanghai",
    });
    expect(body.total.stages.decode).toMatchObject({ received: "10", forwarded: "0", held: "10" });
  });

  test("stage and exporter filter", async () => {
    const { body } = await get(service, "/api/v1/ledger?stage=write&stage=receive&exporter=2001:DB8::1&exporter=::");
    expect(Object.keys(body.total.stages).sort()).toEqual(["receive", "write"]);
    expect(body.exporters.map((books: { exporter: string }) => books.exporter)).toEqual(["::", "2001:db8::1"]);
  });

  test("completeness is told even where the stages it comes from are not asked for", async () => {
    const { body } = await get(service, "/api/v1/ledger?stage=publish&exporter=192.0.2.1");
    expect(Object.keys(body.total.stages)).toEqual(["publish"]);
    expect(body.total.completeness).toBeCloseTo(0.9, 12);
  });
});

describe("exporters", () => {
  test("an exporter has its books, templates, sampling, clock and last sight; a later status replaces an earlier", async () => {
    const { body } = await get(service, "/api/v1/exporters?exporter=192.0.2.1");
    expect(body.exporters).toHaveLength(1);
    const [router] = body.exporters;
    expect(router).toMatchObject({
      exporter: "192.0.2.1",
      name: "shenyang-man-1",
      first_seen_at: "2026-11-24T00:00:00+08:00",
      last_seen_at: "2026-11-24T00:02:00+08:00",
      templates: 7,
      sampling_rates: [512, 1_000],
      sampling_known: true,
      clock_offset_ms: 90_000,
      clock_off: true,
    });
    expect(router.books.stages.receive).toMatchObject({ received: "100", balanced: true });
    expect(router.streams.map((stream: ExporterStatus) => [stream.source_port, stream.templates])).toEqual([
      [40_000, 4],
      [40_001, 3],
    ]);
    expect(router.streams[0].interfaces).toEqual([{ index: 5, name: "ge-0/0/5", description: "到大连" }]);
    expect(router.streams[0].sampling).toEqual([{ sampler: 1, rate: 1_000 }]);
  });

  test("whether sampling is known goes by the traffic: options of another stream do, and one silent flow does not", async () => {
    const at = new Date().toISOString();
    await insertExporters(store, [
      { ...STREAM, exporter: "192.0.2.8", sampling: [], sampling_source: "unknown" },
      { ...STREAM, exporter: "192.0.2.9" },
    ]);
    await insertFlows(store, [
      { at, exporter: "192.0.2.8", bytes: 500, sampling_rate: 1_000 },
      { at, exporter: "192.0.2.9", bytes: 700, sampling_rate: 1_000 },
      { at, exporter: "192.0.2.9", bytes: 30, sampling_rate: 0 },
    ]);
    const { body } = await get(service, "/api/v1/exporters?exporter=192.0.2.8&exporter=192.0.2.9");
    expect(body.exporters).toMatchObject([
      { exporter: "192.0.2.8", sampling_known: true, unknown_sampling_bytes: "0" },
      { exporter: "192.0.2.9", sampling_known: false, unknown_sampling_bytes: "30" },
    ]);
  });

  test("an exporter that is in the books only is listed, and neither :: nor a client of accounting is one", async () => {
    await insertLedger(store, [
      { at: AT, exporter: "192.0.2.77", stage: "account", outcome: "received", count: 9 },
      { at: AT, exporter: "192.0.2.77", stage: "account", outcome: "forwarded", count: 9 },
    ]);
    const { body } = await get(service, "/api/v1/exporters");
    const names = body.exporters.map((router: { exporter: string }) => router.exporter);
    expect(names).toEqual(expect.arrayContaining(["192.0.2.1", "2001:db8::1"]));
    expect(names).not.toContain("::");
    expect(names).not.toContain("192.0.2.77");
    const booked = body.exporters[names.indexOf("2001:db8::1")];
    expect(booked).toMatchObject({ last_seen_at: null, streams: [], sampling_known: false });
  });
});

describe("metrics", () => {
  async function scrape(of = service): Promise<string> {
    const answer = await of.app.inject({ url: "/metrics", headers: { authorization: `Bearer ${KEY}` } });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
    return answer.body;
  }

  test("the books, the process's own figures and the requests are exposed", async () => {
    await get(service, "/api/v1/ledger");
    const lines = (await scrape()).split("\n");
    expect(lines).toContain('v6meter_receive_datagrams_total{outcome="dropped",reason="kernel_buffer"} 3');
    expect(lines).toContain('v6meter_receive_datagrams_total{outcome="received",reason=""} 103');
    expect(lines).toContain("v6meter_decode_held_sets 10");
    expect(lines).toContain('v6meter_sequence_units_total{outcome="lost"} 11');
    expect(lines).toContain('v6meter_bus_lag_messages{partition="0"} 4');
    expect(lines).toContain("v6meter_intake_batches_total 17");
    expect(lines).toContain("v6meter_store_up 1");
    expect(lines.some((line) => line.startsWith("process_cpu_seconds_total "))).toBe(true);
    expect(
      lines.some((line) =>
        line.startsWith(
          'v6meter_http_request_duration_seconds_count{method="GET",route="/api/v1/ledger",status="200"}',
        ),
      ),
    ).toBe(true);
  });

  test("every name follows Prometheus: a family is described once, counters end in _total", async () => {
    const text = await scrape();
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => ({ name, type }));
    expect(new Set(types.map(({ name }) => name)).size).toBe(types.length);
    for (const { name, type } of types.filter(({ name }) => name.startsWith("v6meter_"))) {
      expect(name).toMatch(/^v6meter_[a-z0-9_]+$/);
      expect(name.endsWith("_total"), name).toBe(type === "counter");
    }
  });

  test("figures the process cannot give are missing, the others are there", async () => {
    const failing = testService(store, { live: () => Promise.reject(new Error("bus closed")) });
    expect(await scrape(failing)).toContain("v6meter_store_up 1");
    await failing.stop();
  });

  test("a store that does not answer is a figure, not an error", async () => {
    const down = testService(unreachableStore);
    expect(await scrape(down)).toContain("v6meter_store_up 0");
    await down.stop();
  });
});

test("an exporter's completeness by SQL and by the books is one figure", async () => {
  const { body: share } = await get(service, "/api/v1/traffic/share?day=2026-11-24&exporter=192.0.2.1");
  const { body: ledger } = await get(service, "/api/v1/ledger?day=2026-11-24&exporter=192.0.2.1");
  expect(share.total.completeness).toBeCloseTo(0.9, 12);
  expect(share.total.completeness).toBe(ledger.total.completeness);
});

test("readyz asks the store, healthz does not", async () => {
  expect(await get(service, "/readyz")).toMatchObject({ status: 200, body: { status: "ok" } });
  const down = testService(unreachableStore);
  expect((await get(down, "/healthz")).status).toBe(200);
  expect((await get(down, "/readyz")).status).toBe(503);
  const stuck = testService(store, { trouble: () => "the disk is full" });
  const answer = await get(stuck, "/readyz");
  expect(answer.status).toBe(503);
  expect(JSON.stringify(answer.body), "it is open to everyone").not.toContain("disk");
  expect((await get(stuck, "/healthz")).status).toBe(200);
  await down.stop();
});
