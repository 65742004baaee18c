import type { api } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { get, insertFlows, insertLedger, openTestStore, type TestFlow, testService } from "./province.test-data.ts";

let store: Store;
let close: () => Promise<void>;
let service: ReturnType<typeof testService>;

beforeAll(async () => {
  ({ store, close } = await openTestStore());
  service = testService(store);
});

afterAll(async () => {
  await service.stop();
  await close();
});

async function share(query: string): Promise<api.TrafficShare> {
  const { status, body } = await get(service, `/api/v1/traffic/share?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body as api.TrafficShare;
}

let nextDay = 0;
/** A day of its own for each test, so that none sees the flows of another: `at("08:00")` lies in `day`. */
async function onADay(flows: (at: (time: string) => string) => TestFlow[]) {
  const midnight = Date.parse("2026-05-01T00:00:00+08:00") + 86_400_000 * nextDay++;
  const day = new Date(midnight + 8 * 3_600_000).toISOString().slice(0, 10);
  const at = (time: string) => `${day}T${time}+08:00`;
  await insertFlows(store, flows(at));
  return { day, at };
}

describe("figures", () => {
  test("the province figure is a sum over a sum, never a mean of the cities' shares", async () => {
    const { day } = await onADay((at) => [
      { at: at("08:00:00"), region: "210100", family: 6, bytes: 900 },
      { at: at("08:00:00"), region: "210100", family: 4, bytes: 8_100 },
      { at: at("08:00:00"), region: "211300", family: 6, bytes: 900 },
      { at: at("08:00:00"), region: "211300", family: 4, bytes: 100 },
    ]);
    const { rows, total } = await share(`day=${day}&by=region`);
    expect(rows.map(({ region, share }) => ({ region, share }))).toEqual([
      { region: "210100", share: 0.1 },
      { region: "211300", share: 0.9 },
    ]);
    expect(total).toMatchObject({ v6_bytes: "1800", total_bytes: "10000", share: 0.18 });
    const meanOfShares = rows.reduce((sum, row) => sum + (row.share ?? 0), 0) / rows.length;
    expect(meanOfShares).toBe(0.5);
    expect(total.share).not.toBe(meanOfShares);
  });

  test.each([
    { technology: "6in4", family: 4, v6: 1, says: "a v6 tunnel in v4 raises the share but not the native share" },
    { technology: "nat64", family: 6, v6: 1, says: "NAT64 raises the share but not the native share" },
    { technology: "ds_lite", family: 4, v6: 0, says: "DS-Lite is v4 service and raises neither share" },
    { technology: "map_e", family: 4, v6: 0, says: "MAP-E is v4 service and raises neither share" },
  ] as const)("$says", async ({ technology, family, v6 }) => {
    const { day } = await onADay((at) => [
      { at: at("08:00:00"), family: 6, bytes: 100 },
      { at: at("08:00:00"), family: 4, bytes: 200 },
      { at: at("08:00:00"), family, technology, bytes: 100 },
    ]);
    const { total } = await share(`day=${day}`);
    expect(total).toMatchObject({
      native_share: 0.25,
      share: v6 ? 0.5 : 0.25,
      v6_native_bytes: "100",
      total_bytes: "400",
      excluded_bytes: "0",
    });
  });

  test("SRv6 whose inner family is unknown raises neither share: it is in no figure but excluded_bytes", async () => {
    const { day } = await onADay((at) => [
      { at: at("08:00:00"), family: 6, bytes: 100 },
      { at: at("08:00:00"), family: 4, bytes: 300 },
      { at: at("08:00:00"), family: 6, technology: "tunnel_unknown", bytes: 50_000 },
    ]);
    const { total } = await share(`day=${day}`);
    expect(total).toMatchObject({ share: 0.25, native_share: 0.25, total_bytes: "400", excluded_bytes: "50000" });
  });

  test("native traffic of a record without IP is excluded", async () => {
    const { day } = await onADay((at) => [{ at: at("08:00:00"), family: 0, bytes: 7 }]);
    const { total } = await share(`day=${day}`);
    expect(total).toMatchObject({ share: null, native_share: null, total_bytes: "0", excluded_bytes: "7" });
  });

  test("bytes are scaled by the sampling rate, and unknown sampling is flagged, not taken for 1", async () => {
    const { day } = await onADay((at) => [
      { at: at("08:00:00"), family: 6, bytes: 3, sampling_rate: 1_000 },
      { at: at("08:00:00"), family: 4, bytes: 1_000, sampling_rate: 0 },
      { at: at("08:00:00"), family: 6, technology: "special", bytes: 5, sampling_rate: 0 },
    ]);
    const { total } = await share(`day=${day}`);
    expect(total).toMatchObject({
      v6_bytes: "3000",
      total_bytes: "4000",
      unknown_sampling_bytes: "1000",
      share: 0.75,
    });
  });

  test("sums above 2^53, and above 2^64, are exact strings", async () => {
    const { day } = await onADay((at) => [
      { at: at("08:00:00"), family: 6, bytes: 4_503_599_627_370_497, sampling_rate: 4_000 },
      { at: at("08:05:00"), family: 6, bytes: 1, exporter: "192.0.2.2" },
      { at: at("08:00:00"), family: 4, bytes: 4_503_599_627_370_497, sampling_rate: 4_000 },
    ]);
    const { total } = await share(`day=${day}`);
    const scaled = 4_503_599_627_370_497n * 4_000n;
    expect(total.v6_bytes).toBe(String(scaled + 1n));
    expect(total.total_bytes).toBe(String(scaled * 2n + 1n));
    expect(BigInt(total.total_bytes) > 2n ** 64n).toBe(true);
    expect(total.share).toBeTypeOf("number");
  });

  test("a period without traffic has no rows and null shares", async () => {
    const { rows, total } = await share("day=2020-02-29&by=region");
    expect(rows).toEqual([]);
    expect(total).toMatchObject({ total_bytes: "0", share: null, native_share: null, completeness: null });
  });
});

describe("repeats", () => {
  test("a flow of two routers counts once, and once for each type of observation point", async () => {
    const { day } = await onADay((at) => [
      { at: at("08:00:00"), observation_point: "man", counted: 2, bytes: 100 },
      { at: at("08:00:00"), observation_point: "man", counted: 0, bytes: 100, exporter: "192.0.2.2" },
      { at: at("08:00:00"), observation_point: "backbone", counted: 1, bytes: 100, exporter: "192.0.2.3" },
      { at: at("08:00:00"), observation_point: "backbone", counted: 0, bytes: 100, exporter: "192.0.2.4" },
    ]);
    expect(await share(`day=${day}`)).toMatchObject({ counting: "once", total: { total_bytes: "100", records: "1" } });

    const byPoint = await share(`day=${day}&by=observation_point`);
    expect(byPoint.counting).toBe("once_per_observation_point");
    expect(byPoint.rows.map((row) => [row.observation_point, row.total_bytes])).toEqual([
      ["backbone", "100"],
      ["man", "100"],
    ]);
    expect(byPoint.total.total_bytes).toBe("200");

    const backbone = await share(`day=${day}&observation_point=backbone`);
    expect(backbone.total.total_bytes).toBe("100");
  });

  test("rows by exporter add up to the total: a flow belongs to the router that showed it first", async () => {
    const { day } = await onADay((at) => [
      { at: at("08:00:00"), counted: 2, bytes: 100, exporter: "192.0.2.1" },
      { at: at("08:00:00"), counted: 0, bytes: 100, exporter: "2001:db8::1" },
      { at: at("08:00:00"), counted: 2, bytes: 11, exporter: "2001:db8::1" },
    ]);
    const { rows, total } = await share(`day=${day}&by=exporter`);
    expect(Object.fromEntries(rows.map((row) => [row.exporter, row.total_bytes]))).toEqual({
      "192.0.2.1": "100",
      "2001:db8::1": "11",
    });
    expect(total.total_bytes).toBe("111");
  });
});

describe("groups and filters", () => {
  test("every dimension groups, alone and together, and its filter keeps what is asked for", async () => {
    const dimensions = {
      region: ["210100", "210200"],
      operator: ["mobile", "unicom"],
      access: ["fixed", "mobile"],
      direction: ["down", "up"],
      technology: ["6to4", "native"],
      exporter: ["192.0.2.1", "2001:db8::2"],
      observation_point: ["backbone", "man"],
    };
    const flow = (at: string, i: 0 | 1): TestFlow => ({
      at,
      region: dimensions.region[i] as string,
      operator: dimensions.operator[i] as string,
      access: dimensions.access[i] as string,
      flow_direction: dimensions.direction[i] as string,
      technology: dimensions.technology[i] as string,
      exporter: dimensions.exporter[i] as string,
      observation_point: dimensions.observation_point[i] as string,
      bytes: 10 + i,
    });
    const { day } = await onADay((at) => [flow(at("08:00:00"), 0), flow(at("09:00:00"), 1)]);
    for (const [dimension, values] of Object.entries(dimensions)) {
      const { by, rows } = await share(`day=${day}&by=${dimension}`);
      expect(by).toEqual([dimension]);
      expect(rows.map((row) => [row[dimension as keyof api.ShareRow], row.total_bytes])).toEqual([
        [values[0], "10"],
        [values[1], "11"],
      ]);
      const one = await share(`day=${day}&${dimension}=${values[1]}`);
      expect(one.total.total_bytes).toBe("11");
      const both = await share(`day=${day}&${dimension}=${values[0]}&${dimension}=${values[1]}`);
      expect(both.total.total_bytes).toBe("21");
    }
    const all = await share(`day=${day}&by=${Object.keys(dimensions).join(",")}`);
    expect(all.rows).toHaveLength(2);
    expect(all.rows[1]).toMatchObject(Object.fromEntries(Object.entries(dimensions).map(([name, [, b]]) => [name, b])));
    const repeated = await share(`day=${day}&by=region&by=operator`);
    expect(repeated.by).toEqual(["region", "operator"]);
    const none = await share(`day=${day}&region=210100&operator=unicom`);
    expect(none.total.total_bytes).toBe("0");
  });
});

test("more than 100,000 rows are refused with what to ask instead", async () => {
  const { day } = await onADay((at) =>
    Array.from({ length: 100_001 }, (_, i) => ({
      at: at("08:00:00"),
      exporter: `2001:db8::${(i >>> 16).toString(16)}:${(i & 0xffff).toString(16)}`,
    })),
  );
  const { status, body } = await get(service, `/api/v1/traffic/share?day=${day}&by=exporter`);
  expect(status).toBe(400);
  expect(body.detail).toMatch(/more than 100000 rows; allowed is a shorter period/);
  expect((await share(`day=${day}`)).total.records).toBe("100001");
});

describe("time", () => {
  test("days and months are cut at UTC+8", async () => {
    await insertFlows(store, [
      { at: "2026-10-31T15:59:59Z", bytes: 1 },
      { at: "2026-10-31T16:00:00Z", bytes: 2 },
      { at: "2026-11-01T15:59:59Z", bytes: 4 },
      { at: "2026-11-01T16:00:00Z", bytes: 8 },
      { at: "2026-11-30T15:59:59Z", bytes: 16 },
      { at: "2026-11-30T16:00:00Z", bytes: 32 },
    ]);
    const day = await share("day=2026-11-01");
    expect(day.period).toEqual({
      from: "2026-11-01T00:00:00+08:00",
      to: "2026-11-02T00:00:00+08:00",
      zone: "Asia/Shanghai",
    });
    expect(day.total.total_bytes).toBe("6");
    expect((await share("month=2026-11")).total.total_bytes).toBe(String(2 + 4 + 8 + 16));
    const days = await share("month=2026-11&interval=1d");
    expect(days.rows.map((row) => [row.at, row.total_bytes])).toEqual([
      ["2026-11-01T00:00:00+08:00", "6"],
      ["2026-11-02T00:00:00+08:00", "8"],
      ["2026-11-30T00:00:00+08:00", "16"],
    ]);
    const months = await share("from=2026-10-01T00:00:00%2B08:00&to=2027-01-01T00:00:00%2B08:00&interval=1mo");
    expect(months.rows.map((row) => [row.at, row.total_bytes])).toEqual([
      ["2026-10-01T00:00:00+08:00", "1"],
      ["2026-11-01T00:00:00+08:00", "30"],
      ["2026-12-01T00:00:00+08:00", "32"],
    ]);
  });

  test("the three rollups answer alike: the same flows by 5 minutes, hours and days", async () => {
    const { day } = await onADay((at) => [
      { at: at("00:00:00"), bytes: 1 },
      { at: at("07:59:59"), bytes: 2 },
      { at: at("08:04:59"), bytes: 4 },
      { at: at("23:59:59"), bytes: 8 },
    ]);
    const [minutes, hours, days] = await Promise.all([
      share(`day=${day}&interval=5m`),
      share(`day=${day}&interval=1h`),
      share(`day=${day}&interval=1d`),
    ]);
    for (const { total } of [minutes, hours, days]) expect(total.total_bytes).toBe("15");
    expect(minutes?.rows.map((row) => row.at?.slice(11, 16))).toEqual(["00:00", "07:55", "08:00", "23:55"]);
    expect(hours?.rows.map((row) => row.at?.slice(11, 16))).toEqual(["00:00", "07:00", "08:00", "23:00"]);
    expect(days?.rows.map((row) => row.at?.slice(11, 16))).toEqual(["00:00"]);
  });

  test("from is included and to is not; both are widened to 5 minutes, and the answer says so", async () => {
    const { day, at } = await onADay((at) => [
      { at: at("08:04:59"), bytes: 1 },
      { at: at("08:05:00"), bytes: 2 },
      { at: at("08:09:59"), bytes: 4 },
      { at: at("08:10:00"), bytes: 8 },
    ]);
    const exact = await share(`from=${encodeURIComponent(at("08:05:00"))}&to=${encodeURIComponent(at("08:10:00"))}`);
    expect(exact.total.total_bytes).toBe("6");
    const widened = await share(`from=${encodeURIComponent(at("08:06:01"))}&to=${encodeURIComponent(at("08:07:00"))}`);
    expect(widened.period).toMatchObject({ from: `${day}T08:05:00+08:00`, to: `${day}T08:10:00+08:00` });
    expect(widened.total.total_bytes).toBe("6");
    const utc = await share(`from=${day}T00:05:00Z&to=${day}T00:10:00Z`);
    expect(utc.total.total_bytes).toBe("6");
  });

  test("an unescaped plus sign of an offset is read as one", async () => {
    const { period } = await share("from=2026-11-01T00:00:00+08:00&to=2026-11-01T01:00:00+08:00");
    expect(period.from).toBe("2026-11-01T00:00:00+08:00");
  });

  test("without a period it is the last 24 hours", async () => {
    await insertFlows(store, [
      { at: new Date(Date.now() - 3_600_000).toISOString(), region: "210900", bytes: 5 },
      { at: new Date(Date.now() - 25 * 3_600_000).toISOString(), region: "210900", bytes: 7 },
    ]);
    const { period, total } = await share("region=210900");
    expect(total.total_bytes).toBe("5");
    const hours = (Date.parse(period.to) - Date.parse(period.from)) / 3_600_000;
    expect(hours).toBeGreaterThanOrEqual(24);
    expect(hours).toBeLessThan(24.2);
  });
});

describe("completeness", () => {
  test("a row's completeness is that of its exporters weighted by their bytes, null where none is known", async () => {
    const { day, at } = await onADay((at) => [
      { at: at("08:00:00"), exporter: "192.0.2.61", region: "210100", bytes: 300 },
      { at: at("08:00:00"), exporter: "192.0.2.62", region: "210100", bytes: 100 },
      { at: at("08:00:00"), exporter: "192.0.2.63", region: "210200", bytes: 999 },
    ]);
    await insertLedger(store, [
      { at: at("08:00:00"), exporter: "192.0.2.61", stage: "receive", outcome: "expected", count: 100 },
      { at: at("08:00:00"), exporter: "192.0.2.61", stage: "receive", outcome: "lost", count: 20 },
      { at: at("08:00:00"), exporter: "192.0.2.62", stage: "receive", outcome: "expected", count: 10 },
      { at: at("08:00:00"), exporter: "192.0.2.62", stage: "decode", outcome: "received", count: 4 },
      {
        at: at("08:00:00"),
        exporter: "192.0.2.62",
        stage: "decode",
        outcome: "dropped",
        reason: "set_length",
        count: 2,
      },
    ]);
    const { rows, total } = await share(`day=${day}&by=region`);
    expect(rows[0]?.completeness).toBeCloseTo((300 * 0.8 + 100 * 0.5) / 400, 12);
    expect(rows[1]?.completeness).toBeNull();
    expect(total.completeness).toBeCloseTo((300 * 0.8 + 100 * 0.5) / 400, 12);
  });

  test("rows of an interval go by the books of their interval, the total by those of the period", async () => {
    const { day, at } = await onADay((at) => [
      { at: at("08:00:00"), exporter: "192.0.2.71", bytes: 100 },
      { at: at("09:00:00"), exporter: "192.0.2.71", bytes: 100 },
    ]);
    await insertLedger(store, [
      { at: at("08:00:00"), exporter: "192.0.2.71", stage: "receive", outcome: "expected", count: 100 },
      { at: at("09:00:00"), exporter: "192.0.2.71", stage: "receive", outcome: "expected", count: 300 },
      { at: at("09:00:00"), exporter: "192.0.2.71", stage: "receive", outcome: "lost", count: 150 },
    ]);
    const { rows, total } = await share(`day=${day}&interval=1h`);
    expect(rows.map((row) => row.completeness)).toEqual([1, 0.5]);
    expect(total.completeness).toBe(0.625);

    const query = `day=${day}&exporter=192.0.2.71`;
    const { body: ledger } = await get(service, `/api/v1/ledger?${query}`);
    expect(ledger.total.completeness).toBe(0.625);
    expect(ledger.exporters[0].completeness).toBe((await share(query)).total.completeness);
  });
});
