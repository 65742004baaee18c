import {
  api,
  pathOfCell,
  queryConfig,
  REPORT_FORMAT_NAMES,
  REPORT_LANGUAGES,
  type ReportDocument,
  type ReportTable,
  type ReportTemplate,
} from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { get, insertFlows, KEY, openTestStore, testService } from "../query/province.test-data.ts";
import { checkQuestions, standardQuestions } from "../query/snapshots/standard-questions.ts";
import { type Ask, faultOf } from "./ask.ts";
import { compose, gather } from "./compose.ts";
import { liveSource, sourceOf } from "./frozen.ts";
import { monthOf } from "./month.ts";
import { insertYear, MONTH, REGISTRY } from "./province.test-data.ts";
import { render } from "./render/index.ts";
import { numbersOf } from "./report.test-data.ts";
import { loadTemplate } from "./template.ts";

const DAY_MS = 86_400_000;
const V1 = `${MONTH}-v1`;
const V2 = `${MONTH}-v2`;

/** The month's report without the blocks that ask for every indicator, so that freezing takes seconds. */
const template: ReportTemplate = (() => {
  const whole = loadTemplate();
  const kept = ["ranking", "users", "evaluations", "restatements", "exporters", "books", "findings", "tiles"];
  const sections = whole.sections.map((section) => ({
    ...section,
    blocks: section.blocks.filter(
      (block) =>
        kept.includes(Object.keys(block)[0] as string) && !("ranking" in block && block.ranking.of !== "traffic_share"),
    ),
  }));
  return { ...whole, sections: sections.filter(({ blocks }) => blocks.length > 0) };
})();

let store: Store;
let close: () => Promise<void>;
let nowMs = Date.parse("2026-11-06T00:00:00+08:00");
let service: ReturnType<typeof testService>;
const wanted = new Set<string>();

const ask: Ask = async (path) => {
  const { status, body } = await get(service, path);
  if (status !== 200) throw faultOf(path, status, JSON.stringify(body));
  return body;
};
const snapshots = async () => api.snapshots.parse(await ask(`/api/v1/snapshots`)).snapshots;

/** The report of a version in every format and language, and as documents. */
async function reportOf(id: string) {
  const month = monthOf(MONTH, nowMs);
  const gathered = await gather(await sourceOf(ask, month, id), { template, month, nowMs });
  const documents = REPORT_LANGUAGES.map((lang) => compose(gathered, lang));
  const files = new Map<string, Uint8Array>();
  for (const document of documents)
    for (const format of REPORT_FORMAT_NAMES) files.set(`${document.lang}.${format}`, await render(document, format));
  return { documents: documents as [ReportDocument, ReportDocument], files };
}
const tablesOf = ({ sections }: ReportDocument) =>
  sections.flatMap(({ blocks }) => blocks.filter((it): it is ReportTable => it.kind === "table"));

beforeAll(async () => {
  ({ store, close } = await openTestStore());
  await insertYear(store);
  service = testService(store, {
    now: () => nowMs,
    named: () => REGISTRY,
    config: queryConfig.parse({ http: "127.0.0.1:0" }),
    questionsOf: (catalogue, month) =>
      standardQuestions(catalogue, month).filter(
        ({ path }) => wanted.has(path) || checkQuestions(month).includes(path),
      ),
  });
  const noted: Ask = (path) => {
    wanted.add(path);
    return ask(path);
  };
  await gather(liveSource(noted), { template, month: monthOf(MONTH, nowMs), nowMs });
  const payload = { month: "2026-09", reason: "closed by hand" };
  await service.app.inject({
    method: "POST",
    url: "/api/v1/snapshots",
    headers: { authorization: `Bearer ${KEY}` },
    payload,
  });
  const wait = { timeout: 60_000, interval: 100 };
  await vi.waitFor(async () => expect((await snapshots())[0]?.state).toBe("taken"), wait);
  await service.takeDue();
}, 300_000);
afterAll(async () => {
  await service.stop();
  await close();
});

let first: Awaited<ReturnType<typeof reportOf>>;
let second: Awaited<ReturnType<typeof reportOf>>;

test("late data makes a second version of the closed month", async () => {
  first = await reportOf(V1);
  await insertFlows(store, [
    { at: `${MONTH}-15T12:00:00+08:00`, operator: "telecom", region: "210200", family: 6, bytes: 6e12 },
  ]);
  nowMs += DAY_MS;
  await service.takeDue();
  expect((await snapshots()).map(({ id, state }) => [id, state])).toContainEqual([V2, "taken"]);
  second = await reportOf(V2);
}, 300_000);

test("the report of either version is the same, byte for byte, when it is made again", async () => {
  for (const [id, made] of [
    [V1, first],
    [V2, second],
  ] as const) {
    const again = await reportOf(id);
    expect([...again.files.keys()]).toHaveLength(12);
    for (const [name, bytes] of again.files)
      expect(Buffer.compare(bytes, made.files.get(name) as Uint8Array), `${id} ${name}`).toBe(0);
  }
  expect(Buffer.compare(first.files.get("zh.csv") as Uint8Array, second.files.get("zh.csv") as Uint8Array)).not.toBe(0);
}, 300_000);

test("the second lists what was restated: the API's differences, with the old and the new figure, when and why", async () => {
  const { differences } = api.snapshotDifferences.parse(await ask(`/api/v1/snapshots/${V2}/differences`));
  const isShown = ({ question, field }: api.SnapshotDifference) =>
    !question.includes("interval=") &&
    (question.startsWith("/api/v1/indicators/")
      ? field === (question.includes("by=") ? "value" : "total.value")
      : /^(score|rank)$/.test(field) && question.startsWith("/api/v1/evaluations"));
  const expected = differences.filter(isShown);
  expect(expected.length).toBeGreaterThan(10);
  for (const document of second.documents) {
    const table = tablesOf(document).find(({ id }) => id === "restated-v2") as ReportTable;
    const told = table.rows.map(({ cells }) => [cells[2]?.path, cells[2]?.value, cells[3]?.path, cells[3]?.value]);
    expect(told).toEqual(
      expected.map((it) => [`${it.question}&snapshot=${V1}`, it.old, `${it.question}&snapshot=${V2}`, it.new]),
    );
    expect(table.rows.map(({ cells }) => cells[4]?.value)).toEqual(expected.map(({ difference }) => difference));
  }
  const said = JSON.stringify(second.documents[0]);
  expect(said).toContain("第2版（2026-11-07 00:00冻结，原因：迟到数据）修订了前一版的");
  expect(second.documents[0].notices).toContainEqual(expect.stringMatching(/^本报告为第2版/));
  expect(JSON.stringify(second.documents[1])).toContain("Version 2 (taken 2026-11-07 00:00, because: late data)");
  const [cells] = (tablesOf(second.documents[0]).find(({ id }) => id === "restated-v2") as ReportTable).rows
    .filter(({ cells: [name, scope] }) => name?.text === "IPv6流量占比" && scope?.text === "大连")
    .map((row) => row.cells.map(({ text }) => text));
  expect(cells?.[4]).toMatch(/^\+\d+\.\d\d个百分点$/);
  expect(tablesOf(first.documents[0]).map(({ id }) => id)).not.toContain("restated-v2");
  expect(JSON.stringify(first.documents[0])).toContain("本月数据未经修订。");
});

test("all formats have the list", async () => {
  for (const lang of REPORT_LANGUAGES) {
    const name = lang === "zh" ? "修订的数据" : "Restated figures";
    for (const format of ["html", "csv", "json"] as const)
      expect(Buffer.from(second.files.get(`${lang}.${format}`) as Uint8Array).toString()).toContain(
        format === "csv" ? "restated-v2" : name,
      );
  }
});

test("every figure of either version names the question that gives it again, at any later time", async () => {
  const numbers = new Map<string, Set<number>>();
  let held = 0;
  for (const { documents } of [first, second]) {
    const [document] = documents;
    // Made of two figures, or counted by the report.
    const made = new Set(["环比", "同比", "排名", "上月排名", "时钟偏差（秒）", "变化", "差值"]);
    for (const table of tablesOf(document))
      for (const [r, { cells }] of table.rows.entries())
        for (const [c, { value }] of cells.entries()) {
          if (value === null || made.has(table.columns[c]?.title ?? "")) continue;
          const path = pathOfCell(table, r, c) as string;
          expect(path, `${table.id} row ${r} column ${c}`).toContain("snapshot=2026-");
          if (!numbers.has(path)) numbers.set(path, numbersOf(await ask(path)));
          expect(numbers.get(path), `${table.id} row ${r} column ${c} by ${path}`).toContain(Number(value));
          held++;
        }
  }
  expect(held).toBeGreaterThan(300);
}, 300_000);
