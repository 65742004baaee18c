import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type api, queryConfig } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { afterAll, beforeAll, expect, test } from "vitest";
import { get, insertFlows, KEY, openTestStore, testService } from "./province.test-data.ts";

let store: Store;
let close: () => Promise<void>;
let service: ReturnType<typeof testService>;
let dir: string;

const OBJECTS = `objects:
  - { id: idc_a, zh: 机房甲, en: A, kind: idc, owner: 电信, enterprise: 电信, industry: 通信, region: "210100", match: [{ exporter: 192.0.2.7 }] }
  - { id: idc_b, zh: 机房乙, en: B, kind: idc, owner: 联通, enterprise: 联通, industry: 通信, region: "210200", match: [{ exporter: 192.0.2.8 }] }
  - { id: stb_model, zh: 机顶盒, en: Box, kind: stb, owner: 广电 }
`;

beforeAll(async () => {
  ({ store, close } = await openTestStore());
  dir = mkdtempSync(join(tmpdir(), "v6meter-catalogue-"));
  writeFileSync(join(dir, "objects.yaml"), OBJECTS);
  service = testService(store, { config: queryConfig.parse({ http: "127.0.0.1:0", catalogue_dir: dir }) });
  const idc = { observation_point: "idc", region: "210100" } as const;
  await insertFlows(store, [
    { at: "2026-04-10T08:00:00+08:00", ...idc, exporter: "192.0.2.7", family: 6, bytes: 100 },
    { at: "2026-04-10T08:00:00+08:00", ...idc, exporter: "192.0.2.7", family: 4, bytes: 900 },
    { at: "2026-05-10T08:00:00+08:00", ...idc, exporter: "192.0.2.7", family: 6, bytes: 300 },
    { at: "2026-05-11T08:00:00+08:00", ...idc, exporter: "192.0.2.7", family: 4, bytes: 700 },
    { at: "2026-05-11T08:00:00+08:00", ...idc, exporter: "192.0.2.8", family: 6, bytes: 9_000, operator: "unicom" },
  ]);
});
afterAll(async () => {
  await service.stop();
  await close();
  rmSync(dir, { recursive: true, force: true });
});

async function traffic(query: string): Promise<api.ObjectTrafficAnswer> {
  const { status, body } = await get(service, `/api/v1/objects/traffic?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body as api.ObjectTrafficAnswer;
}

test("the objects with owner, enterprise, industry and region, selected by them", async () => {
  const { body } = await get(service, "/api/v1/objects?kind=idc&region=210200");
  expect((body as api.Objects).objects).toMatchObject([
    { id: "idc_b", owner: "联通", enterprise: "联通", industry: "通信", match: [{ exporter: "192.0.2.8" }] },
  ]);
  const all = (await get(service, "/api/v1/objects")).body as api.Objects;
  expect(all.objects.map(({ id }) => id)).toEqual(expect.arrayContaining(["idc_a", "stb_model", "aliyun"]));
});

test("traffic, share and trend of each object against the month before", async () => {
  const { groups, rows, period } = await traffic("month=2026-05&kind=idc");
  expect(period).toMatchObject({ from: "2026-05-01T00:00:00+08:00", to: "2026-06-01T00:00:00+08:00" });
  expect(rows.map(({ group, share }) => [group, share])).toEqual([
    ["idc_a", 0.3],
    ["idc_b", 1],
  ]);
  expect(groups[0]).toMatchObject({ group: "idc_a", v6_bytes: "300", total_bytes: "1000", previous_share: 0.1 });
  expect(groups[0]?.change).toBeCloseTo(0.2, 12);
  expect(groups[1]).toMatchObject({ previous_share: null, change: null });
});

test("an industry's share is a sum over a sum, never a mean of its objects' shares", async () => {
  const { groups } = await traffic("month=2026-05&kind=idc&by=industry");
  expect(groups).toMatchObject([
    { group: "通信", objects: ["idc_a", "idc_b"], v6_bytes: "9300", total_bytes: "10000", share: 0.93 },
  ]);
});

test("by day, and as CSV", async () => {
  const { rows } = await traffic("month=2026-05&object=idc_a&interval=1d");
  expect(rows.map(({ at, share }) => [at?.slice(0, 10), share])).toEqual([
    ["2026-05-10", 1],
    ["2026-05-11", 0],
  ]);
  const answer = await service.app.inject({
    url: "/api/v1/objects/traffic?month=2026-05&object=idc_a",
    headers: { authorization: `Bearer ${KEY}`, accept: "text/csv" },
  });
  expect(answer.body).toBe("group,v6_bytes,v4_bytes,total_bytes,share\r\nidc_a,300,700,1000,0.3\r\n");
});

test("of an operator's subscribers alone", async () => {
  const { rows } = await traffic("month=2026-05&kind=idc&by=kind&operator=unicom");
  expect(rows).toMatchObject([{ group: "idc", total_bytes: "9000" }]);
});

test("a month that has ended is known by its ETag", async () => {
  const url = "/api/v1/objects/traffic?month=2026-05&kind=idc";
  const { headers } = await get(service, url);
  const again = await service.app.inject({
    url,
    headers: { authorization: `Bearer ${KEY}`, "if-none-match": headers.etag as string },
  });
  expect(again.statusCode).toBe(304);
});
