import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identitiesOf, KeyRing } from "@v6meter/identity";
import { monthBegin, monthNumber, openCatalogue } from "@v6meter/indicators";
import { api, queryConfig } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { audited, insertFlows, KEY, openTestStore, testService } from "../province.test-data.ts";
import { namedQuestion } from "./question.ts";
import { standardQuestions } from "./standard-questions.ts";

const DAY_MS = 86_400_000;
const LIMITS = { maxExecutionS: 10, maxRows: 10, maxMemoryBytes: 1_000_000_000 };
const NUMBER = monthNumber(Date.now());
const MONTH = api.monthText(monthBegin(NUMBER));
const AT = new Date(monthBegin(NUMBER) + DAY_MS).toISOString();
/** The sixth of the month after, at midnight. */
const CLOSE_MS = monthBegin(NUMBER + 1) + 5 * DAY_MS;

let folder: string;
let store: Store;
let close: () => Promise<void>;
let nowMs = CLOSE_MS - 1;
const keys = new Map<string, string>([["admin", KEY]]);
const services: ReturnType<typeof testService>[] = [];

/** Of the standard questions one of every route, all of two indicators and those of operators. */
function fewerQuestions(catalogue: Parameters<typeof standardQuestions>[0], month: string) {
  const routes = new Set<string>();
  return standardQuestions(catalogue, month)
    .filter(({ path }) => {
      const route = path.split("?")[0] as string;
      const isNew = !route.startsWith("/api/v1/indicators/") && !routes.has(route);
      routes.add(route);
      return isNew || /indicators\/(traffic_share|my_share|active_users)\?|by=operator&/.test(path);
    })
    .filter(({ path }) => !/indicators\//.test(path) || /\/(traffic_share|my_share|active_users)\?/.test(path));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-snapshots-"));
  // An indicator that nobody knew of when this was written.
  writeFileSync(
    join(folder, "more.yaml"),
    "indicators:\n  - id: my_share\n    extends: traffic_share\n    zh: 我的占比\n    en: My share\n    by: [region]\n",
  );
  ({ store, close } = await openTestStore());
  const ring = new KeyRing(folder, { now: () => Date.now() });
  for (const role of ["operator", "regulator", "public", "analyst"] as const) {
    const operator = role === "operator" ? "mobile" : null;
    keys.set(role, (await ring.create({ name: role, role, raw: false, days: 9, operator })).key);
  }
  for (let i = 0; i < 2; i++) {
    services.push(
      testService(store, {
        config: queryConfig.parse({ http: "127.0.0.1:0", catalogue_dir: folder }),
        identities: identitiesOf({ adminKey: KEY, keys: ring }),
        now: () => nowMs,
        questionsOf: fewerQuestions,
      }),
    );
  }
  await insertFlows(store, [
    { at: AT, operator: "mobile", family: 6, bytes: 300 },
    { at: AT, operator: "mobile", family: 4, bytes: 100 },
    { at: AT, operator: "telecom", family: 4, bytes: 600 },
  ]);
});
afterAll(async () => {
  for (const service of services) await service.stop();
  await close();
  rmSync(folder, { recursive: true });
});

async function ask(
  url: string,
  by = "regulator",
  { service = services[0], headers = {} as object, post = false, body = {} } = {},
) {
  const answer = await (service as (typeof services)[number]).app.inject({
    method: post ? "POST" : "GET",
    url,
    headers: { authorization: `Bearer ${keys.get(by)}`, ...headers },
    ...(post && { payload: body }),
  });
  return { status: answer.statusCode, headers: answer.headers, text: answer.body, json: () => answer.json() };
}
const take = (month: string, reason?: string) =>
  ask("/api/v1/snapshots", "regulator", { post: true, body: { month, ...(reason && { reason }) } });
const snapshots = async () => (await ask("/api/v1/snapshots")).json().snapshots as api.Snapshot[];
const SHARE = `/api/v1/indicators/traffic_share?by=operator&month=${MONTH}`;
const shareOf = (rows: { operator: string; value: number }[], operator: string) =>
  rows.find((row) => row.operator === operator)?.value;

test("the standard questions come from the catalogue, each once and in the one spelling", async () => {
  const catalogue = await openCatalogue({ store, dir: folder, leastUsers: 10 }).current();
  const paths = standardQuestions(catalogue, "2026-10").map(({ path }) => path);
  expect(new Set(paths).size).toBe(paths.length);
  expect(paths.map((path) => namedQuestion(path).path)).toEqual(paths);
  for (const { id, by } of catalogue.indicators.values()) {
    expect(paths).toContain(`/api/v1/indicators/${id}?month=2026-10`);
    for (const name of by) expect(paths).toContain(`/api/v1/indicators/${id}?by=${name}&month=2026-10`);
  }
  expect(paths).toContain("/api/v1/indicators/traffic_share?by=operator,region&month=2026-10");
  expect(paths).toContain("/api/v1/indicators/my_share?by=region&month=2026-10");
  const trend = paths.filter((path) => path.startsWith("/api/v1/indicators/my_share") && path.includes("1mo"));
  expect(trend.map((path) => namedQuestion(path).month)).toEqual(["2026-10"]);
});

test("a month is frozen by itself once it is closed, by one of several processes", async () => {
  await services[0]?.takeDue();
  expect(await snapshots()).toEqual([]);
  nowMs = CLOSE_MS;
  await Promise.all(services.map((it) => it.takeDue()));
  const [snapshot, ...others] = await snapshots();
  expect(others).toEqual([]);
  expect(snapshot).toMatchObject({ id: `${MONTH}-v1`, state: "taken", version: 1, refused: [] });
  expect(snapshot?.answered).toBe(snapshot?.questions);
  const [{ kept, twice }] = (await store
    .raw("SELECT count() AS kept, count() - uniq(question) AS twice FROM snapshot_answers", LIMITS)
    .then(({ rows }) => rows.map(([a, b]) => ({ kept: Number(a), twice: Number(b) })))) as [
    { kept: number; twice: number },
  ];
  expect(kept).toBe(snapshot?.differing);
  expect(twice).toBe(0);
  expect(kept).toBeGreaterThan(30);
}, 120_000);

test("whatever spelling a question has, the snapshot answers it, JSON and CSV, with a stable tag", async () => {
  const { json, headers } = await ask(SHARE);
  expect(headers["v6meter-snapshot"]).toBe(`${MONTH}-v1`);
  expect(json().snapshot).toMatchObject({ id: `${MONTH}-v1`, version: 1 });
  expect(shareOf(json().rows, "mobile")).toBe(0.75);
  expect((await ask(`/api/v1/indicators/traffic_share?month=${MONTH}&by=operator`)).headers.etag).toBe(headers.etag);
  const known = await ask(SHARE, "regulator", { headers: { "if-none-match": headers.etag } });
  expect([known.status, known.text]).toEqual([304, ""]);
  const csv = await ask(SHARE, "analyst", { headers: { accept: "text/csv" } });
  expect(csv.text.split("\r\n")).toContain("mobile,0.75,300,400,");
  const named = await ask(`${SHARE}&snapshot=${MONTH}-v1`);
  expect(named.headers["cache-control"]).toContain("immutable");
  expect((await ask(`/api/v1/indicators/my_share?by=region&month=${MONTH}`)).json().snapshot).toMatchObject({
    version: 1,
  });
  expect((await ask(`/api/v1/targets?snapshot=${MONTH}-v1`)).json().snapshot).toMatchObject({ version: 1 });
});

test("late data changes nothing that is frozen; asked for live, or not in the snapshot, figures say so", async () => {
  await insertFlows(store, [{ at: AT, operator: "telecom", family: 6, bytes: 600 }]);
  expect(shareOf((await ask(SHARE)).json().rows, "telecom")).toBe(0);
  const live = (await ask(`${SHARE}&snapshot=live`)).json();
  expect(live.snapshot).toBeNull();
  expect(shareOf(live.rows, "telecom")).toBe(0.5);
  const other = (await ask(`${SHARE}&region=210100`)).json();
  expect(other.snapshot).toBeNull();
  expect(await ask(`${SHARE}&region=210100&snapshot=${MONTH}-v1`).then(({ status }) => status)).toBe(404);
  expect(await ask(`${SHARE}&snapshot=${MONTH}-v9`).then(({ status }) => status)).toBe(404);
  expect(await ask(`${SHARE}&snapshot=nonsense`).then(({ status }) => status)).toBe(400);
  expect((await ask("/api/v1/traffic/share")).json()).not.toHaveProperty("snapshot");
});

test("an operator gets its own rows, computed now, and no snapshot", async () => {
  for (const path of [SHARE, `/api/v1/traffic/share?by=operator&month=${MONTH}`, `/api/v1/ledger?month=${MONTH}`]) {
    const { status, text, json } = await ask(path, "operator");
    expect(status).toBe(200);
    expect(json().snapshot).toBeNull();
    expect(text).not.toContain('"telecom"');
    expect((await ask(`${path}&snapshot=${MONTH}-v1`, "operator")).status).toBe(403);
  }
});

test("the daily look finds late data and restates the month, with the difference", async () => {
  nowMs += DAY_MS;
  await services[0]?.takeDue();
  expect((await snapshots()).map(({ id, state, reason }) => [id, state, reason])).toEqual([
    [`${MONTH}-v2`, "taken", "late data"],
    [`${MONTH}-v1`, "taken", "the month is closed"],
  ]);
  expect(shareOf((await ask(SHARE)).json().rows, "telecom")).toBe(0.5);
  expect(shareOf((await ask(`${SHARE}&snapshot=${MONTH}-v1`)).json().rows, "telecom")).toBe(0);
  const { json } = await ask(`/api/v1/snapshots/${MONTH}-v2/differences`);
  const answer = json() as api.SnapshotDifferences;
  expect(answer.previous).toBe(`${MONTH}-v1`);
  expect(answer.differences).toContainEqual({
    question: SHARE,
    row: "operator=telecom",
    field: "value",
    old: 0,
    new: 0.5,
    difference: 0.5,
    suppressed: false,
  });
  expect(answer.differences.filter(({ row }) => row.includes("operator=mobile"))).toEqual([]);
  const csv = await ask(`/api/v1/snapshots/${MONTH}-v2/differences`, "analyst", { headers: { accept: "text/csv" } });
  expect(csv.text).toContain("operator=telecom,value,0,0.5,0.5,false");
}, 120_000);

test("a month is looked at once a day, and one without traffic is not frozen by itself", async () => {
  const before = await snapshots();
  const [steps] = (await store.raw("SELECT count() FROM snapshots", LIMITS)).rows;
  nowMs += DAY_MS;
  await services[0]?.takeDue();
  nowMs += 31 * DAY_MS;
  await services[0]?.takeDue();
  expect(await snapshots()).toEqual(before);
  expect((await store.raw("SELECT count() FROM snapshots", LIMITS)).rows).toEqual([steps]);
});

test("asked again where nothing came, no version is made", async () => {
  const begun = await take(MONTH, "to be sure");
  expect([begun.status, begun.json().id]).toEqual([202, `${MONTH}-v3`]);
  expect((await take(MONTH)).json().detail).toContain("is being taken");
  await vi.waitFor(async () => expect((await snapshots())[0]?.state).toBe("unchanged"), {
    timeout: 110_000,
    interval: 200,
  });
  expect((await ask(SHARE)).json().snapshot.version).toBe(2);
  expect((await take(api.monthText(nowMs))).json().detail).toContain("has not ended");
  expect(audited.filter(({ action }) => action === "snapshot.take").length).toBeGreaterThan(0);
}, 120_000);

test("the public sees what a published snapshot says of indicators, and nothing else", async () => {
  const status = async (url: string) => (await ask(url, "public")).status;
  expect(await status(SHARE)).toBe(404);
  expect((await ask(`/api/v1/snapshots/${MONTH}-v1/publish`, "analyst", { post: true })).status).toBe(403);
  const published = await ask(`/api/v1/snapshots/${MONTH}-v1/publish`, "regulator", { post: true });
  expect(published.json().published_at).not.toBeNull();
  expect(audited.map(({ action }) => action)).toContain("snapshot.publish");
  const { json } = await ask(SHARE, "public");
  // The restatement is not published, so the first version it is.
  expect(json().snapshot.version).toBe(1);
  expect(shareOf(json().rows, "telecom")).toBe(0);
  expect(await status(`${SHARE}&snapshot=live`)).toBe(404);
  expect(await status(`${SHARE}&snapshot=${MONTH}-v2`)).toBe(404);
  expect(await status(`${SHARE}&region=210100`)).toBe(404);
  expect(await status(`/api/v1/indicators/traffic_share?by=exporter&month=${MONTH}`)).toBe(404);
  expect(await status("/api/v1/indicators/traffic_share")).toBe(400);
  expect(await status("/api/v1/indicators")).toBe(200);
  for (const url of [`/api/v1/traffic/share?month=${MONTH}`, "/api/v1/snapshots", `/api/v1/ledger?month=${MONTH}`])
    expect(await status(url)).toBe(403);
});
