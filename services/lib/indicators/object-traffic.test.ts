import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeFlows } from "@v6meter/batch";
import { type MonitoredObject, monitoredObject, type ObjectMatcher, prefixRange, storeConfig } from "@v6meter/schemas";
import { openEmbeddedStore, type Store } from "@v6meter/store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mixedFlows } from "../store/flows.test-data.ts";
import { type OpenCatalogue, openCatalogue, periodBefore } from "./index.ts";
import { farSide, type PlainFlow, plainFlowsOf } from "./oracle.test-data.ts";

const FROM_MS = Date.parse("2026-04-30T00:00:00+08:00");
const DAY_MS = 86_400_000;
const PERIOD = { fromMs: FROM_MS, toMs: FROM_MS + 3 * DAY_MS };
const batch = mixedFlows({ rows: 8_000, seed: 77, fromMs: FROM_MS, spanMs: 3 * DAY_MS });
// Most are up and down; some go between subscribers and some through.
batch.columns.flow_direction.forEach((_, row) => {
  if (row % 7 === 0) batch.columns.flow_direction[row] = 3 + (row % 2);
});
const flows = plainFlowsOf(batch);

let path: string;
let dir: string;
let store: Store;
let catalogue: OpenCatalogue;

beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), "v6meter-objects-"));
  dir = mkdtempSync(join(tmpdir(), "v6meter-catalogue-"));
  store = await openEmbeddedStore({ path, config: storeConfig.parse({}) });
  await store.migrate();
  // Two inserts of one token book once.
  const insert = {
    table: "flows",
    arrow: encodeFlows(batch, { stage: "classify" }),
    rows: batch.rows,
    token: "a",
  } as const;
  await store.insert(insert);
  await store.insert(insert);
  catalogue = openCatalogue({ store, dir });
});
afterAll(async () => {
  await store.stop();
  await rm(path, { recursive: true });
  rmSync(dir, { recursive: true, force: true });
});

const object = (...match: ObjectMatcher[]): MonitoredObject =>
  monitoredObject.parse({ id: "it", zh: "它", en: "it", kind: "application", owner: "us", match });

const size = ({ bytes, rate }: PlainFlow) => bytes * (rate === 0n ? 1n : rate);

function sums(members: readonly PlainFlow[]) {
  const sum = (its: readonly PlainFlow[]) => its.reduce((all, flow) => all + size(flow), 0n);
  const v6 = sum(members.filter((it) => it.class === "v6_native" || it.class === "v6_transition"));
  const v4 = sum(members.filter((it) => it.class === "v4"));
  return { v6Bytes: String(v6), v4Bytes: String(v4), totalBytes: String(v6 + v4), share: Number(v6) / Number(v6 + v4) };
}

const once = flows.filter(({ counted, family }) => counted === 2 && family !== 0);
const perType = flows.filter(({ counted, family }) => counted >= 1 && family !== 0);

describe.each([
  {
    says: "an IPv6 prefix",
    match: [{ prefix: "2408:8000:1::/48" }],
    of: once,
    fits: (it: PlainFlow) => farSide(it).address.startsWith("2408:8000:1:"),
  },
  {
    says: "an IPv4 prefix shorter than the roll-up's",
    match: [{ prefix: "203.2.0.0/16" }],
    of: once,
    fits: (it: PlainFlow) => farSide(it).address.startsWith("203.2."),
  },
  {
    says: "an autonomous system",
    match: [{ asn: 9_808 }],
    of: once,
    fits: (it: PlainFlow) => farSide(it).as === 9_808,
  },
  { says: "a port", match: [{ port: 53 }], of: once, fits: (it: PlainFlow) => farSide(it).port === 53 },
  {
    says: "a port of one prefix, or all of another one",
    match: [{ prefix: "2408:8000::/32", port: 443 }, { prefix: "203.0.0.0/24" }],
    of: once,
    fits: (it: PlainFlow) =>
      (farSide(it).address.startsWith("2408:8000:") && farSide(it).port === 443) ||
      farSide(it).address.startsWith("203.0.0."),
  },
  {
    says: "matchers that overlap count a flow once",
    match: [{ prefix: "2408:8000::/32" }, { port: 443 }, { asn: 9_808 }],
    of: once,
    fits: (it: PlainFlow) =>
      farSide(it).address.startsWith("2408:8000:") || farSide(it).port === 443 || farSide(it).as === 9_808,
  },
  {
    says: "an exporter",
    match: [{ exporter: "192.0.2.2" }],
    of: perType,
    fits: (it: PlainFlow) => it.exporter === "192.0.2.2",
  },
  {
    says: "two interfaces that traffic passes between count it once",
    match: [
      { exporter: "2001:db8:ff::3", interface: 1 },
      { exporter: "2001:db8:ff::3", interface: 2 },
    ],
    of: perType,
    fits: (it: PlainFlow) =>
      it.exporter === "2001:db8:ff::3" && it.interfaces.some((index) => index === 1 || index === 2),
  },
])("$says", ({ match, of, fits }) => {
  const members = of.filter(fits);
  const it = object(...(match as ObjectMatcher[]));

  test("is the sum over the flows, in total and by day", async () => {
    expect(members.length).toBeGreaterThan(3);
    expect(members.length).toBeLessThan(of.length);
    const { total, rows } = await catalogue.traffic([it], { period: PERIOD, interval: "1d", operators: [] });
    expect(total).toEqual(sums(members));
    const days = Map.groupBy(members, ({ atMs }) => Math.floor((atMs - FROM_MS) / DAY_MS) * DAY_MS + FROM_MS);
    const expected = [...days].sort(([a], [b]) => a - b).map(([atMs, its]) => ({ atMs, ...sums(its) }));
    expect(rows.map((row) => ({ ...row, share: row.share ?? Number.NaN }))).toEqual(expected);
  });

  test("of an operator's subscribers alone", async () => {
    const { total } = await catalogue.traffic([it], { period: PERIOD, interval: null, operators: ["telecom"] });
    expect(total).toEqual(sums(members.filter(({ operator }) => operator === "telecom")));
  });
});

test("objects together count what they share once", async () => {
  const [a, b] = [object({ port: 443 }), object({ asn: 9_808 })];
  const { total } = await catalogue.traffic([a, b], { period: PERIOD, interval: null, operators: [] });
  expect(total).toEqual(sums(once.filter((it) => farSide(it).port === 443 || farSide(it).as === 9_808)));
});

test("an object without matchers has no traffic, and nothing is asked", async () => {
  const idle = openCatalogue({ store: {} as Store, dir: null });
  expect(await idle.traffic([object()], { period: PERIOD, interval: null, operators: [] })).toEqual({
    rows: [],
    total: { v6Bytes: "0", v4Bytes: "0", totalBytes: "0", share: null },
  });
});

test("an object dropped into the folder is measured for the days before it was registered", async () => {
  writeFileSync(
    join(dir, "objects.yaml"),
    "objects:\n  - { id: our_site, zh: 我们, en: Ours, kind: gov_site, owner: us, match: [{ prefix: 203.0.0.0/24 }] }\n",
  );
  const { objects } = await catalogue.current();
  const site = objects.get("our_site") as MonitoredObject;
  const { total } = await catalogue.traffic([site], { period: PERIOD, interval: null, operators: [] });
  expect(total.totalBytes).toBe(sums(once.filter((it) => farSide(it).address.startsWith("203.0.0."))).totalBytes);
  expect(total.totalBytes).not.toBe("0");
});

test.each([
  { says: "a prefix finer than the roll-up tells", match: "[{ prefix: 203.1.1.7/32 }]", reason: /IPv4 up to \/24/ },
  { says: "bits after the length", match: "[{ prefix: 203.1.1.0/16 }]", reason: /without bits after its length/ },
  {
    says: "exporters and far sides in one object",
    match: "[{ exporter: 192.0.2.1 }, { port: 53 }]",
    reason: /not by both/,
  },
  { says: "an interface of no exporter", match: "[{ interface: 3 }]", reason: /either exporter/ },
  { says: "nothing", match: "[{}]", reason: /either exporter/ },
])("$says is refused with file, line and reason", async ({ match, reason }) => {
  const text = `objects:\n  - id: bad_one\n    zh: 坏\n    en: bad\n    kind: idc\n    owner: us\n    match: ${match}\n`;
  writeFileSync(join(dir, "bad.yaml"), text);
  const { refused, objects } = await catalogue.current();
  expect(refused).toMatchObject([{ file: join(dir, "bad.yaml"), line: 7 }]);
  expect(refused[0]?.reason).toMatch(reason);
  expect(objects.has("bad_one")).toBe(false);
  rmSync(join(dir, "bad.yaml"));
});

test.each([
  ["2408:8000::/20", "2408:8000::", "2408:8fff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["10.0.0.0/9", "10.0.0.0", "10.127.255.255"],
  ["::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["192.0.2.1/32", "192.0.2.1", "192.0.2.1"],
])("%s is %s to %s", (text, first, last) => {
  expect(prefixRange(text)).toMatchObject({ first, last });
});

test.each(["10.0.0.1/9", "10.0.0.0/33", "10.0.0.0", "2001:db8::/129", "x/8", "2001:db8::1/64", "/8"])(
  "%s is no prefix",
  (text) => {
    expect(prefixRange(text)).toBeNull();
  },
);

test("the period before a month is the month before, before days as many days", () => {
  const at = (text: string) => Date.parse(`${text}T00:00:00+08:00`);
  expect(periodBefore({ fromMs: at("2026-03-01"), toMs: at("2026-04-01") })).toEqual({
    fromMs: at("2026-02-01"),
    toMs: at("2026-03-01"),
  });
  expect(periodBefore({ fromMs: at("2026-03-02"), toMs: at("2026-03-05") })).toEqual({
    fromMs: at("2026-02-27"),
    toMs: at("2026-03-02"),
  });
});
