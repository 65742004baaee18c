import { Fault, type ReportDocument, type ReportTable } from "@v6meter/schemas";
import { parse } from "csv-parse/sync";
import readExcelFile from "read-excel-file/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertFlows, insertLedger, openTestStore } from "../query/province.test-data.ts";
import type { Ask } from "./ask.ts";
import { askStore } from "./asked.test-data.ts";
import { compose, gather } from "./compose.ts";
import { liveSource } from "./frozen.ts";
import { monthOf } from "./month.ts";
import { objectsFolder } from "./objects.test-data.ts";
import { MONTH } from "./province.test-data.ts";
import { questions } from "./questions.ts";
import { render } from "./render/index.ts";
import { loadTemplate } from "./template.ts";

/** The report of the sections that these tests are about. */
const whole = loadTemplate();
const template = {
  ...whole,
  headlines: whole.headlines.slice(0, 1),
  sections: whole.sections
    .map((it) => ({ ...it, blocks: it.blocks.filter((block) => "shortfalls" in block || "mending" in block) }))
    .filter(({ blocks }) => blocks.length > 0),
};
const month = monthOf(MONTH, Date.now());
let store: Awaited<ReturnType<typeof openTestStore>>;
const many = objectsFolder(52);
const few = objectsFolder();
let asked: ReturnType<typeof askStore>;
let ofMany: ReturnType<typeof askStore>;
let ofNone: ReturnType<typeof askStore>;
const made = async (ask: Ask, name = MONTH) =>
  gather(liveSource(ask), { template, month: monthOf(name, Date.now()), nowMs: Date.now() });
const documents = new Map<string, ReportDocument>();
const of = (lang: string) => documents.get(lang) as ReportDocument;

beforeAll(async () => {
  store = await openTestStore();
  const flow = (at: string, exporter: string) => ({ at, exporter, bytes: 1_000, sampling_rate: 100 });
  // Of three exporters the first lost packets in September and no more, the second in both months, and the third, which sent
  // in August, sent nothing in September and sends again; the fourth has sent nothing since August.
  await insertFlows(store.store, [
    ...["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"].map((it) => flow("2026-08-10T12:00:00+08:00", it)),
    ...["192.0.2.1", "192.0.2.2"].map((it) => flow("2026-09-10T12:00:00+08:00", it)),
    ...["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((it) => flow("2026-10-10T12:00:00+08:00", it)),
  ]);
  const books = (at: string, exporter: string, lost: number) =>
    [
      { outcome: "received" as const, count: 1_000 - lost },
      { outcome: "forwarded" as const, count: 1_000 - lost },
      { outcome: "expected" as const, count: 1_000 },
      { outcome: "lost" as const, count: lost },
    ].map((it) => ({ at, exporter, stage: "receive" as const, ...it }));
  await insertLedger(store.store, [
    ...books("2026-09-10T12:00:00+08:00", "192.0.2.1", 20),
    ...books("2026-10-10T12:00:00+08:00", "192.0.2.1", 10),
    ...books("2026-09-10T12:00:00+08:00", "192.0.2.2", 30),
    ...books("2026-10-10T12:00:00+08:00", "192.0.2.2", 40),
  ]);
  asked = askStore(store.store, { catalogue_dir: few.folder });
  ofMany = askStore(store.store, { catalogue_dir: many.folder });
  ofNone = askStore(store.store);
  const gathered = await made(asked.ask);
  for (const lang of ["zh", "en"] as const) documents.set(lang, compose(gathered, lang));
}, 60_000);
afterAll(async () => {
  for (const it of [asked, ofMany, ofNone]) await it.stop();
  await store.close();
  for (const it of [few, many]) it.remove();
});

const blocksOf = ({ sections }: ReportDocument) => sections.flatMap(({ blocks }) => blocks);
const tableOf = (document: ReportDocument, id: string) =>
  blocksOf(document).find((it): it is ReportTable => it.kind === "table" && it.id === id);
const textsOf = (document: ReportDocument) =>
  blocksOf(document).flatMap((it) => (it.kind === "text" ? it.paragraphs.map(({ text }) => text) : []));
const linesOf = (document: ReportDocument, id: string) =>
  tableOf(document, id)?.rows.map(({ cells }) => cells.map(({ text }) => text).join(" | "));

describe("objects below what is asked for", () => {
  test("applications, the worst first, with owner, both months and what is missing", () => {
    expect(linesOf(of("zh"), "below-app-concentration")).toEqual([
      "新闻客户端 | 应用 | 辽宁报业 | 60.00% | 40.00% | 双栈优先IPv6比例75.00%",
      "银行客户端 | 应用 | 辽河银行 | 69.90% | 90.00% | 未报送分项",
    ]);
    expect(tableOf(of("zh"), "below-app-concentration")?.note).toBe(
      "要求不低于70.00%：有数据的3个对象中2个未达标；已登记的5个对象中2个本月无数据。",
    );
  });

  test("sites: points are of all tests together, one without IPv6 has none", () => {
    expect(linesOf(of("en"), "below-site-score")).toEqual([
      "Site of the daily | media | 辽宁报业 | 0.0 | — | Names of sites that resolve to IPv6 0.00%",
      "Site of Shenyang | government site | 沈阳市政府办公室 | 85.0 | 80.0 | Visits of sites that succeed by IPv6 97.00%; IPv6 support of second and third level links 62.00%",
    ]);
  });

  test("more than a page takes are told on it, and all stand in XLSX and CSV, words too", async () => {
    const document = compose(await made(ofMany.ask), "zh");
    const table = tableOf(document, "below-app-concentration");
    expect(table?.rows).toHaveLength(54);
    expect(table?.note).toMatch(/此处列出前50项，另有4项见XLSX、CSV和JSON。$/);
    const html = Buffer.from(await render(document, "html")).toString();
    const shown = html.slice(html.indexOf('<figure id="below-app-concentration">')).split("</table>")[0] as string;
    expect(shown.match(/<tr>/g)).toHaveLength(1 + 50);
    expect(shown).not.toContain("银行客户端");
    const sheets = await readExcelFile(Buffer.from(await render(document, "xlsx")));
    const data = sheets.map((it) => it.data).find(([row]) => row?.[0] === "浓度未达标的应用");
    expect(data?.map((row) => row[0])).toContain("银行客户端");
    const csv: Record<string, string>[] = parse(Buffer.from(await render(document, "csv")), {
      bom: true,
      columns: true,
    });
    const bank = csv.filter(({ block, row }) => block === "below-app-concentration" && row === "银行客户端");
    expect(bank.map(({ column, text, value }) => [column, text, value])).toEqual([
      ["类型", "应用", ""],
      ["责任单位", "辽河银行", ""],
      ["本月", "69.90%", "0.699"],
      ["上月", "90.00%", "0.9"],
      ["缺项", "未报送分项", ""],
    ]);
  }, 60_000);

  test("where no such object is registered, has a figure or is below, a line says which", async () => {
    const none = textsOf(compose(await made(ofNone.ask), "zh"));
    expect(none).toContain("浓度未达标的应用：已登记的1个对象本月均无数据。");
    expect(none).toContain("支持度未达标的网站：没有登记此类对象。");
    const lists = template.sections.map((section) => ({
      ...section,
      blocks: section.blocks.map((it) => ("shortfalls" in it ? { shortfalls: { ...it.shortfalls, least: 0 } } : it)),
    }));
    const lenient = { ...template, sections: lists };
    const document = compose(
      await gather(liveSource(asked.ask), { template: lenient, month, nowMs: Date.now() }),
      "zh",
    );
    expect(textsOf(document)).toContain(
      "浓度未达标的应用：无。有数据的3个对象均不低于0.00%；已登记的5个对象中2个本月无数据。",
    );
  }, 60_000);

  test("a snapshot that is older than these figures has a line in their place", async () => {
    const old = async (path: string) => {
      if (path.startsWith("/api/v1/indicators/site_score")) throw new Fault("NOT_FOUND", `${path} is not kept.`);
      const answer = (await asked.ask(path)) as { indicators?: { id: string }[] };
      if (path !== questions.indicators()) return answer;
      return { ...answer, indicators: answer.indicators?.filter(({ id }) => !id.startsWith("site_")) };
    };
    const document = compose(await made(old), "zh");
    expect(textsOf(document)).toContain("支持度未达标的网站：本月的快照没有保存此项数据。");
    expect(tableOf(document, "below-app-concentration")).toBeDefined();
  }, 60_000);
});

describe("problems of the month before", () => {
  test("each stands with both figures and whether it is mended", () => {
    const problems = linesOf(of("zh"), "mending") ?? [];
    const state = (about: RegExp) => problems.filter((it) => about.test(it)).map((it) => it.split(" | ").slice(2));
    expect(state(/^192\.0\.2\.1导出丢失率/)).toEqual([["2.00%", "1.00%", "已整改"]]);
    expect(state(/^192\.0\.2\.2导出丢失率/)).toEqual([["3.00%", "4.00%", "未整改"]]);
    expect(state(/^192\.0\.2\.3上月有数据/)).toEqual([["—", "1", "已整改"]]);
    expect(state(/^192\.0\.2\.4上月有数据/)).toEqual([["—", "—", "未整改"]]);
    expect(state(/^新闻客户端/)).toEqual([["40.00%", "60.00%", "未整改"]]);
    expect(state(/^视频客户端/)).toEqual([["50.00%", "75.00%", "已整改"]]);
    expect(state(/^大连市政府网站/)).toEqual([["50.0", "90.0", "已整改"]]);
    expect(state(/^钢铁集团网站/)).toEqual([["10.0", "—", "本月无数据，无法判断"]]);
    // New in this month, so not among those of the month before.
    expect(state(/^银行客户端/)).toEqual([]);
  });

  test("they are counted: those mended, those not and those that cannot be told are all of them", () => {
    const problems = linesOf(of("zh"), "mending") ?? [];
    const ending = (text: string) => problems.filter((it) => it.endsWith(` | ${text}`)).length;
    const counts = [problems.length, ending("已整改"), ending("未整改"), ending("本月无数据，无法判断")];
    expect(counts[0]).toBe((counts[1] as number) + (counts[2] as number) + (counts[3] as number));
    expect(textsOf(of("zh"))).toContainEqual(
      expect.stringContaining(
        `上月发现问题${counts[0]}项，本月已整改${counts[1]}项，未整改${counts[2]}项，无法判断${counts[3]}项。`,
      ),
    );
  });

  test("without answers of the month before, as beside a first snapshot, nothing is said of problems", async () => {
    const first = async (path: string) => {
      if (path.includes("month=2026-09")) throw new Fault("NOT_FOUND", "2026-09 had no snapshot.");
      return asked.ask(path);
    };
    expect(textsOf(compose(await made(first), "en"))).toContain(
      "Problems of the month before, and whether they are mended: there are no figures of the month before.",
    );
  }, 60_000);
});
