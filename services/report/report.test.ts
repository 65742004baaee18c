import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  api,
  Fault,
  pathOfCell,
  REPORT_FORMAT_NAMES,
  REPORT_LANGUAGES,
  type ReportDocument,
  type ReportTable,
  reportDocument,
} from "@v6meter/schemas";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestStore } from "../query/province.test-data.ts";
import { askStore } from "./asked.test-data.ts";
import { compose, type Gathered, gather } from "./compose.ts";
import { liveSource } from "./frozen.ts";
import { monthOf } from "./month.ts";
import { objectsFolder } from "./objects.test-data.ts";
import { insertYear, MONTH } from "./province.test-data.ts";
import { questions } from "./questions.ts";
import { render } from "./render/index.ts";
import { numbersOf } from "./report.test-data.ts";
import { loadTemplate } from "./template.ts";

const template = loadTemplate();
const month = monthOf(MONTH, Date.now());
let store: Awaited<ReturnType<typeof openTestStore>>;
const objects = objectsFolder();
let asked: ReturnType<typeof askStore>;
let gathered: Gathered;
/** What the API answered to the report, by question: asked again, the last digit of a completeness may be another. */
const answered = new Map<string, unknown>();
const documents = new Map<string, ReportDocument>();
const of = (lang: string) => documents.get(lang) as ReportDocument;

beforeAll(async () => {
  store = await openTestStore();
  await insertYear(store.store);
  asked = askStore(store.store, { catalogue_dir: objects.folder });
  const ask = async (path: string) => {
    const answer = await asked.ask(path);
    answered.set(path, answer);
    return answer;
  };
  gathered = await gather(liveSource(ask), { template, month, nowMs: Date.now() });
  for (const lang of REPORT_LANGUAGES) documents.set(lang, compose(gathered, lang));
}, 120_000);
afterAll(async () => {
  await asked.stop();
  await store.close();
  objects.remove();
});

const tablesOf = ({ sections }: ReportDocument) =>
  sections.flatMap(({ blocks }) => blocks.filter((it): it is ReportTable => it.kind === "table"));

describe("the figures", () => {
  test("each is what the API answers to the question that stands beside it", async () => {
    const numbers = new Map<string, Set<number>>();
    let held = 0;
    const hold = async (path: string | undefined, value: number | string | null, where: string) => {
      if (value === null) return;
      expect(path, `${where} has no question`).toBeDefined();
      if (!numbers.has(path as string))
        numbers.set(path as string, numbersOf(answered.get(path as string) ?? (await asked.ask(path as string))));
      expect(numbers.get(path as string), `${where} by ${path}`).toContain(Number(value));
      held++;
    };
    const document = of("en");
    for (const it of document.headlines) await hold(it.path, it.cell.value, it.name);
    // Changes and ranks are made of figures: those are held below. Clock offsets are told in milliseconds.
    const made = new Set(["On month before", "On year before", "Rank", "Rank before", "Clock offset (s)", "Change"]);
    for (const table of tablesOf(document))
      for (const [r, { cells }] of table.rows.entries())
        for (const [c, cell] of cells.entries())
          if (!made.has(table.columns[c]?.title ?? ""))
            await hold(pathOfCell(table, r, c), cell.value, `${table.id} row ${r} column ${c}`);
    for (const { blocks } of document.sections)
      for (const block of blocks)
        if (block.kind === "chart")
          for (const { path, values } of block.series) for (const value of values) await hold(path, value, block.id);
    expect(held).toBeGreaterThan(300);
  }, 120_000);

  test("a province's share is a sum over a sum, and its change is against the month before and the year before", async () => {
    const [headline] = of("en").headlines;
    const share = async (name: string) => {
      const { rows } = api.indicatorFigures.parse(
        await asked.ask(`/api/v1/indicators/traffic_share?by=region&month=${name}`),
      );
      const sum = (which: "numerator" | "denominator") => rows.reduce((all, row) => all + Number(row[which]), 0);
      return sum("numerator") / sum("denominator");
    };
    const [now, before, yearBefore] = [await share(MONTH), await share("2026-09"), await share("2025-10")];
    expect(headline?.cell.value).toBeCloseTo(now, 12);
    expect(headline?.changes[0]?.cell.value).toBeCloseTo(now - before, 12);
    expect(headline?.changes[1]?.cell.value).toBeCloseTo(now - yearBefore, 12);
  });

  test("a ranking is by the figure, the best first, and the total has no rank", () => {
    const table = tablesOf(of("zh")).find(({ id }) => id === "traffic_share-by-region") as ReportTable;
    const values = table.rows.slice(0, -1).map(({ cells }) => Number(cells[2]?.value));
    expect(values).toEqual(values.toSorted((a, b) => b - a));
    expect(table.rows.map(({ cells }) => cells[0]?.text)).toEqual(["1", "2", "3", ""]);
    expect(table.rows.map(({ cells }) => cells[1]?.text)).toEqual(["鞍山", "大连", "沈阳", "全省"]);
  });

  test("users stand with method, coverage and interval", () => {
    const table = tablesOf(of("en")).find(({ id }) => id === "users-by-access") as ReportTable;
    expect(table.columns.map(({ title }) => title)).toEqual(
      expect.arrayContaining(["Connections", "Lower end", "Upper end", "Method", "Coverage"]),
    );
    for (const { cells } of table.rows) expect(cells.map(({ text }) => text)).not.toContain("");
  });

  test("problems are named: the exporter that lost packets, the clock that is off", () => {
    const texts = of("zh").sections.flatMap(({ blocks }) =>
      blocks.flatMap((it) =>
        it.kind === "text" && it.tone === "warning" ? it.paragraphs.map(({ text }) => text) : [],
      ),
    );
    expect(texts).toContainEqual(expect.stringMatching(/^ln-router-3 \(192\.0\.2\.3\)导出丢失率4\.00%/));
    expect(texts).toContainEqual(expect.stringMatching(/^ln-router-2 \(192\.0\.2\.2\)时钟偏差7,200\.0秒/));
  });
});

describe("the document", () => {
  test.each(REPORT_LANGUAGES)("in %s is what the schema says", (lang) => {
    expect(reportDocument.parse(of(lang))).toEqual(of(lang));
  });

  test("both languages have the same blocks and the same values", () => {
    const shape = (document: ReportDocument) =>
      tablesOf(document).map(({ id, rows }) => [id, rows.map(({ cells }) => cells.map(({ value }) => value))]);
    expect(shape(of("en"))).toEqual(shape(of("zh")));
  });

  test("every block of the template names indicators of the catalogue", () => {
    for (const id of gathered.scope.named) expect([...gathered.scope.indicators.keys()]).toContain(id);
  });

  test("an indicator that comes as a file is in the report by itself", async () => {
    const folder = mkdtempSync(join(tmpdir(), "v6meter-report-"));
    writeFileSync(
      join(folder, "night.yaml"),
      "indicators:\n  - { id: night_share, extends: traffic_share, zh: 夜间占比, en: Share at night }\n",
    );
    const { ask, stop } = askStore(store.store, { catalogue_dir: folder });
    try {
      const document = compose(await gather(liveSource(ask), { template, month, nowMs: Date.now() }), "zh");
      const others = tablesOf(document).find(({ id }) => id === "others_traffic");
      expect(others?.rows.map(({ cells }) => cells[0]?.text)).toContain("夜间占比");
    } finally {
      await stop();
      rmSync(folder, { recursive: true });
    }
  }, 240_000);

  test("questions are spelt in one way: parameters and lists sorted", () => {
    for (const path of asked.paths) {
      const query = path.split("?")[1] ?? "";
      const names = query.split("&").map((pair) => pair.split("=")[0]);
      expect(names).toEqual(names.toSorted());
      const by = new URLSearchParams(query).get("by")?.split(",") ?? [];
      expect(by).toEqual(by.toSorted());
    }
  });
});

describe("the formats", () => {
  test.each(REPORT_FORMAT_NAMES)("%s: the same answers give the same bytes", async (format) => {
    const again = compose(gathered, "zh");
    const [first, second] = [await render(of("zh"), format), await render(again, format)];
    expect(Buffer.compare(first, second)).toBe(0);
  });

  test("a snapshot's report is the same whenever it is made, and says whether it is published", async () => {
    const taken = { id: "2026-10-v1", version: 1, taken_at: "2026-11-06T00:00:00+08:00", published_at: null };
    const made = async (atMs: number, published_at: string | null) =>
      compose(
        { ...gathered, askedAtMs: atMs, scope: { ...gathered.scope, snapshot: { ...taken, published_at } } },
        "zh",
      );
    const later = Date.now() + 86_400_000;
    for (const format of REPORT_FORMAT_NAMES) {
      const [first, second] = [await made(Date.now(), null), await made(later, null)];
      expect(Buffer.compare(await render(first, format), await render(second, format)), format).toBe(0);
    }
    const versionOf = async (at: string | null) => JSON.stringify((await made(later, at)).facts);
    expect(await versionOf(null)).toContain("第1版（草稿，未发布），快照2026-10-v1");
    expect(await versionOf("2026-11-08T09:00:00+08:00")).toContain("第1版（2026-11-08 09:00发布），快照2026-10-v1");
  }, 240_000);

  test("CSV holds every figure of every table", async () => {
    const lines: Record<string, string>[] = parse(Buffer.from(await render(of("zh"), "csv")), {
      bom: true,
      columns: true,
    });
    const cells = tablesOf(of("zh")).flatMap(({ id, rows }) =>
      rows.flatMap(({ cells }) => cells.filter(({ value }) => value !== null).map(({ value }) => [id, String(value)])),
    );
    const ids = new Set(tablesOf(of("zh")).map(({ id }) => id));
    const told = lines
      .filter(({ block, value }) => ids.has(block ?? "") && value !== "")
      .map(({ block, value }) => [block, value]);
    expect(told).toEqual(cells);
  });

  test("HTML loads nothing, runs nothing, and shows names as text", async () => {
    const renamed = structuredClone(of("en"));
    renamed.title = '<script>alert("1")</script>';
    const html = Buffer.from(await render(renamed, "html")).toString();
    expect(html).not.toContain("<script");
    expect(html).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;");
    expect(html).toMatch(/Content-Security-Policy" content="default-src 'none'; style-src 'sha256-/);
    expect(html).not.toMatch(/ style="|(src|href)="(?!#)/);
    for (const table of tablesOf(of("en"))) expect(html).toContain(`<figure id="${table.id}">`);
  });
});

describe("a month that is not as it should be", () => {
  const noticesOf = async (name: string, nowMs: number, lang: "zh" | "en" = "en") =>
    compose(await gather(liveSource(asked.ask), { template, month: monthOf(name, nowMs), nowMs }), lang).notices;

  test("that has no data: said before anything else", async () => {
    expect(await noticesOf("2024-03", Date.now())).toContainEqual(expect.stringMatching(/^No traffic was received/));
  }, 240_000);

  test("that is not over: said, with the moment up to which it goes", async () => {
    const nowMs = Date.parse("2026-10-20T10:30:00+08:00");
    expect(await noticesOf(MONTH, nowMs, "zh")).toContainEqual(
      expect.stringMatching(/^本月尚未结束：数据截至2026-10-20 10:30/),
    );
  }, 240_000);

  test.each(["2026-13", "october", "2999-01"])("%s is refused with what is allowed", (name) => {
    expect(() => monthOf(name, Date.now())).toThrow(/allowed is/);
    expect(() => monthOf(name, Date.now())).toThrow(Fault);
  });

  test("a question the API does not know leaves a gap that is told", async () => {
    const path = questions.exporters();
    const ask = async (asked_: string) => {
      if (asked_ === path) throw new Fault("FORBIDDEN", "exporters are not open to this role.");
      return asked.ask(asked_);
    };
    const { notices } = compose(await gather(liveSource(ask), { template, month, nowMs: Date.now() }), "en");
    expect(notices).toContain(`Not answered: ${path} (exporters are not open to this role.)`);
  }, 240_000);
});
