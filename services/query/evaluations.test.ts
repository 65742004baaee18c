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

const RULE = `scoring:
  - id: our_rule
    version: 1
    zh: 规则
    en: Rule
    source: ours
    subject: operator
    items:
      - { indicator: traffic_share, weight: 75, zero: 0, full: 1 }
      - { indicator: stb_share, weight: 25, zero: 0, full: 0.5 }
    penalties:
      - { zh: 过渡, en: Transition, indicator: transition_traffic_share, above: 0.05, points: 10 }
`;

beforeAll(async () => {
  ({ store, close } = await openTestStore());
  dir = mkdtempSync(join(tmpdir(), "v6meter-catalogue-"));
  writeFileSync(join(dir, "rule.yaml"), RULE);
  writeFileSync(
    join(dir, "stb.csv"),
    "series,month,operator,numerator,denominator\nstb_share,2026-05,telecom,50,100\nstb_share,2026-05,mobile,10,100\n",
  );
  service = testService(store, { config: queryConfig.parse({ http: "127.0.0.1:0", catalogue_dir: dir }) });
  await insertFlows(store, [
    { at: "2026-04-10T08:00:00+08:00", operator: "telecom", family: 6, bytes: 200 },
    { at: "2026-04-10T08:00:00+08:00", operator: "telecom", family: 4, bytes: 800 },
    { at: "2026-05-10T08:00:00+08:00", operator: "telecom", family: 6, bytes: 400 },
    { at: "2026-05-10T08:00:00+08:00", operator: "telecom", family: 4, bytes: 600 },
    { at: "2026-05-10T08:00:00+08:00", operator: "mobile", family: 6, bytes: 800 },
    { at: "2026-05-10T08:00:00+08:00", operator: "mobile", family: 4, technology: "6in4", bytes: 100 },
    { at: "2026-05-10T08:00:00+08:00", operator: "mobile", family: 4, bytes: 100 },
    { at: "2026-05-10T08:00:00+08:00", operator: "unknown", family: 6, bytes: 1_000 },
  ]);
});
afterAll(async () => {
  await service.stop();
  await close();
  rmSync(dir, { recursive: true, force: true });
});

async function evaluations(query: string): Promise<api.Evaluations> {
  const { status, body } = await get(service, `/api/v1/evaluations?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body as api.Evaluations;
}

test("without a rule, all rules and versions are listed", async () => {
  const { rules, subjects } = await evaluations("");
  expect(rules.map(({ id }) => id)).toEqual(
    expect.arrayContaining(["operator_assessment", "city_assessment", "industry_assessment", "our_rule"]),
  );
  expect(subjects).toEqual([]);
});

test("scores and ranks of a month, each opened to its figures, against the month before", async () => {
  const { subjects, month } = await evaluations("rule=our_rule&month=2026-05");
  expect(month).toBe("2026-05");
  // mobile: 0.9 of 75 and 0.2 of 25, less 10; telecom: 0.4 of 75 and 1 of 25.
  expect(subjects.map(({ subject, rank }) => [subject, rank])).toEqual([
    ["mobile", 1],
    ["telecom", 2],
  ]);
  expect(subjects[0]?.score).toBeCloseTo(67.5 + 5 - 10, 9);
  expect(subjects[1]?.score).toBeCloseTo(30 + 25, 9);
  expect(subjects[0]).toMatchObject({
    previous_score: null,
    change: null,
    items: [
      { indicator: "traffic_share", weight: 75, figure: { value: 0.9, numerator: "900", denominator: "1000" } },
      { indicator: "stb_share", weight: 25, points: 20, figure: { numerator: "10", denominator: "100" } },
    ],
    penalties: [{ en: "Transition", points: 10, figure: { value: 0.1 } }],
  });
  expect(subjects[1]).toMatchObject({ previous_rank: 1, penalties: [] });
  expect(subjects[1]?.previous_score).toBeCloseTo(15, 9);
  expect(subjects[1]?.change).toBeCloseTo(40, 9);
});

test("a new version is in force, and the old one gives what it gave", async () => {
  writeFileSync(join(dir, "rule2.yaml"), RULE.replace("version: 1", "version: 2").replace("points: 10", "points: 20"));
  const latest = await evaluations("rule=our_rule&month=2026-05");
  expect(latest.rules).toMatchObject([{ id: "our_rule", version: 2 }]);
  expect(latest.subjects[0]?.score).toBeCloseTo(55, 9);
  expect(latest.subjects.map(({ subject }) => subject)).toEqual(["telecom", "mobile"]);
  const first = await evaluations("rule=our_rule&version=1&month=2026-05");
  expect(first.subjects[0]?.score).toBeCloseTo(62.5, 9);
  rmSync(join(dir, "rule2.yaml"));
});

test.each([
  {
    says: "a subject an indicator is not told by",
    from: "subject: operator",
    to: "subject: industry",
    reason: /has no grouping industry/,
  },
  {
    says: "an indicator that is none",
    from: "stb_share,",
    to: "none_such,",
    reason: /none_such is not in the catalogue/,
  },
])("a rule with $says is refused", async ({ from, to, reason }) => {
  writeFileSync(join(dir, "bad.yaml"), RULE.replace("our_rule", "bad_rule").replace(from, to));
  const { body } = await get(service, "/api/v1/indicators");
  const { refused } = body as api.Indicators;
  expect(refused[0]?.file).toBe(join(dir, "bad.yaml"));
  expect(refused.map(({ reason }) => reason).join("\n")).toMatch(reason);
  rmSync(join(dir, "bad.yaml"));
});

test("a rule or version that is none is told with what there is", async () => {
  const { status, body } = await get(service, "/api/v1/evaluations?rule=our_rule&version=9");
  expect(status).toBe(404);
  expect((body as api.Problem).detail).toMatch(/found our_rule version 9; allowed: .*our_rule version 1/);
});

test("a month that has ended is known by its ETag", async () => {
  const url = "/api/v1/evaluations?rule=our_rule&month=2026-05";
  const { headers } = await get(service, url);
  const again = await service.app.inject({
    url,
    headers: { authorization: `Bearer ${KEY}`, "if-none-match": headers.etag as string },
  });
  expect(again.statusCode).toBe(304);
});
