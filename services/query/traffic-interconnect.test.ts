import type { api } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { afterAll, beforeAll, expect, test } from "vitest";
import { facesOf, insertInterconnect } from "./interconnect.test-data.ts";
import { get, openTestStore, testService } from "./province.test-data.ts";

let store: Store;
let close: () => Promise<void>;
let service: ReturnType<typeof testService>;

beforeAll(async () => {
  ({ store, close } = await openTestStore());
  service = testService(store, { facesOf });
  await insertInterconnect(store, "2026-05-01T08:00:00+08:00");
  await insertInterconnect(store, "2026-05-02T00:00:00+08:00");
});
afterAll(async () => {
  await service.stop();
  await close();
});

const asked = async (query: string) =>
  (await get(service, `/api/v1/traffic/interconnect?${query}`)).body as api.TrafficInterconnect;
const pairs = ({ rows }: api.TrafficInterconnect) =>
  rows.map(
    ({ from_operator, to_operator, v6_bytes, v4_bytes, share }) =>
      `${from_operator} > ${to_operator}: ${v6_bytes} ${v4_bytes} ${share?.toFixed(4)}`,
  );

test("a flow is from the operator its way in faces to the one its way out faces, else the exporter's own", async () => {
  const answer = await asked("day=2026-05-01");
  expect(pairs(answer)).toEqual([
    "telecom > mobile: 1000 400 0.7143",
    "mobile > telecom: 300 100 0.7500",
    "unicom > mobile: 0 50 0.0000",
    "broadnet > unknown: 7 0 1.0000",
  ]);
  expect(answer.total).toEqual({ v6_bytes: "1307", v4_bytes: "550", total_bytes: "1857", share: 1_307 / 1_857 });
});

test("all pairs together are what was metered at the point, whatever the interfaces are called", async () => {
  const { total } = await asked("day=2026-05-01");
  const question = "/api/v1/traffic/share?day=2026-05-01&observation_point=interconnect";
  const { body } = await get(service, question);
  expect(total).toMatchObject({ v6_bytes: body.total.v6_bytes, v4_bytes: body.total.v4_bytes });
});

test("an operator's pairs are those it is a side of; days add up", async () => {
  expect(pairs(await asked("day=2026-05-01&operator=unicom"))).toEqual(["unicom > mobile: 0 50 0.0000"]);
  expect((await asked("day=2026-05-01&operator=telecom")).rows).toHaveLength(2);
  const both = await asked("from=2026-05-01T10:00:00%2B08:00&to=2026-05-02T10:00:00%2B08:00");
  expect(both.total).toMatchObject({ v6_bytes: "2614", v4_bytes: "1100" });
});

test("without a direct-connect point in the registry, or traffic there, there are no pairs", async () => {
  const nothing = { rows: [], total: { v6_bytes: "0", v4_bytes: "0", total_bytes: "0", share: null } };
  expect(await asked("day=2026-04-01")).toMatchObject(nothing);
  const blind = testService(store);
  const { body } = await get(blind, "/api/v1/traffic/interconnect?day=2026-05-01");
  expect(body).toMatchObject(nothing);
  await blind.stop();
});
