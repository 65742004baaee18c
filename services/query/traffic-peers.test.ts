import type { api } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { afterAll, beforeAll, expect, test } from "vitest";
import { get, insertFlows, openTestStore, testService } from "./province.test-data.ts";

let store: Store;
let close: () => Promise<void>;
let service: ReturnType<typeof testService>;

const number = (text: string) => BigInt(`0x${text.replaceAll(":", "")}`);
const at = "2026-05-01T08:00:00+08:00";

beforeAll(async () => {
  ({ store, close } = await openTestStore());
  service = testService(store, {
    networks: () => ({
      starts: [0n, 0xc6336400n, 0xc6336500n, number("2409:8000:0000:0000"), number("2409:9000:0000:0000")],
      operators: ["", "unicom", "", "mobile", ""],
      byAs: new Map([[4134, "telecom"]]),
    }),
  });
  await insertFlows(store, [
    { at, src_addr: "2409:8001::1", bytes: 1_000, sampling_rate: 3 },
    { at, src_addr: "2409:8fff:ffff:ffff::1", bytes: 500, src_as: 4134 },
    { at, src_addr: "2409:9000::1", bytes: 70, src_as: 4134 },
    { at, src_addr: "198.51.100.255", family: 4, bytes: 40 },
    { at, src_addr: "198.51.101.0", family: 4, bytes: 30, src_as: 64_500 },
    { at, src_addr: "2001:4860::1", bytes: 20, operator: "mobile" },
    { at, src_addr: "2001:4861::1", bytes: 10, operator: "mobile", technology: "6in4" },
    // Neither family, and a second sighting.
    { at, src_addr: "2409:8001::1", bytes: 9_999, technology: "special" },
    { at, src_addr: "2409:8001::1", bytes: 9_999, counted: 1 },
    { at: "2026-05-02T00:00:00+08:00", src_addr: "2409:8001::1", bytes: 9_999 },
  ]);
});
afterAll(async () => {
  await service.stop();
  await close();
});

const peers = async (query: string) =>
  (await get(service, `/api/v1/traffic/peers?${query}`)) as { status: number; body: api.TrafficPeers };
const pairs = ({ rows }: api.TrafficPeers) =>
  rows.map(({ operator, peer, v6_bytes, v4_bytes }) => `${operator} > ${peer}: ${v6_bytes} ${v4_bytes}`);

test("a far side is of the operator of its range, else of its autonomous system, else of that system's number", async () => {
  const { body } = await peers("day=2026-05-01");
  expect(pairs(body)).toEqual([
    "telecom > mobile: 3500 0",
    "telecom > telecom: 70 0",
    "telecom > unicom: 0 40",
    "mobile > unknown: 30 0",
    "telecom > AS64500: 0 30",
  ]);
  expect(body.total).toEqual({ v6_bytes: "3600", v4_bytes: "70", total_bytes: "3670", share: 3_600 / 3_670 });
});

test("the pairs of an operator add up to its traffic of the same days", async () => {
  const { body } = await peers("day=2026-05-01&operator=telecom");
  const { body: share } = await get(service, "/api/v1/traffic/share?day=2026-05-01&operator=telecom&snapshot=live");
  expect(body.total).toMatchObject({ v6_bytes: share.total.v6_bytes, v4_bytes: share.total.v4_bytes });
  expect(body.rows.every(({ operator }) => operator === "telecom")).toBe(true);
});

test("networks beyond the greatest are one, and what is no day is widened to days", async () => {
  const { body } = await peers("peers=2&from=2026-05-01T08:00:00%2B08:00&to=2026-05-01T09:00:00%2B08:00");
  expect(pairs(body)).toEqual([
    "telecom > mobile: 3500 0",
    "telecom > other: 0 70",
    "telecom > telecom: 70 0",
    "mobile > other: 30 0",
  ]);
  expect(body.period).toMatchObject({
    from: "2026-05-01T00:00:00+08:00",
    to: "2026-05-02T00:00:00+08:00",
  });
  const { status } = await peers("peers=0");
  expect(status).toBe(400);
});

test("days without traffic have no pairs", async () => {
  const { body } = await peers("day=2026-04-01");
  expect(body.rows).toEqual([]);
  expect(body.total).toEqual({ v6_bytes: "0", v4_bytes: "0", total_bytes: "0", share: null });
});
