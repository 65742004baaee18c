import { REPORT_LANGUAGES, type ReportDocument, type ReportTable } from "@v6meter/schemas";
import readExcelFile from "read-excel-file/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertInterconnect } from "../../query/interconnect.test-data.ts";
import { openTestStore } from "../../query/province.test-data.ts";
import { askStore } from "../asked.test-data.ts";
import { compose, gather } from "../compose.ts";
import { grouped } from "../format.ts";
import { liveSource } from "../frozen.ts";
import { monthOf } from "../month.ts";
import { objectsFolder } from "../objects.test-data.ts";
import { insertYear, MONTH } from "../province.test-data.ts";
import { loadTemplate } from "../template.ts";
import { render } from "./index.ts";
import { fetchedOffice } from "./office.test-data.ts";

const documents = new Map<string, ReportDocument>();
const of = (lang: string) => documents.get(lang) as ReportDocument;
const office = fetchedOffice();

beforeAll(async () => {
  const { store, close } = await openTestStore();
  const { folder, remove } = objectsFolder();
  const { ask, stop } = askStore(store, { catalogue_dir: folder });
  try {
    await insertYear(store);
    await insertInterconnect(store, `${MONTH}-10T12:00:00+08:00`);
    const nowMs = Date.now();
    const gathered = await gather(liveSource(ask), {
      template: loadTemplate(),
      month: monthOf(MONTH, nowMs),

      nowMs,
    });
    for (const lang of REPORT_LANGUAGES) documents.set(lang, compose(gathered, lang));
  } finally {
    await stop();
    await close();
    remove();
  }
}, 120_000);
afterAll(() => office?.close());

const tablesOf = ({ sections }: ReportDocument) =>
  sections.flatMap(({ blocks }) => blocks.filter((it): it is ReportTable => it.kind === "table"));
/** Words are broken at the ends of lines wherever a language may; what is left when all of that is taken away. */
const bare = (text: string) => text.replace(/[\s\u200b\u00ad]/g, "");
/** Every text a reader sees, of tables cell by cell. */
const textsOf = (document: ReportDocument) => [
  document.title,
  ...document.facts.map(({ text }) => text),
  ...document.notices,
  ...document.headlines.flatMap(({ name, cell }) => [name, cell.text]),
  ...document.sections.flatMap(({ title, blocks }) => [
    title,
    ...blocks.flatMap((it) => (it.kind === "text" ? it.paragraphs.map(({ text }) => text) : [it.title])),
  ]),
];
const cellsOf = (document: ReportDocument) =>
  tablesOf(document).flatMap(({ rows }) => rows.map(({ cells }) => cells.map(({ text }) => text)));

describe.skipIf(office === null)("opened by programs that did not write them", () => {
  const tools = office as NonNullable<typeof office>;

  test.each(REPORT_LANGUAGES)(
    "DOCX in %s: LibreOffice reads every text, every cell and every chart",
    async (lang) => {
      const docx = await render(of(lang), "docx");
      const html = (await tools.convert(docx, "docx", "html:HTML:EmbedImages")).toString();
      const read = bare(
        html
          .replace(/<[^>]*>/g, "")
          .replace(/&nbsp;|&#160;/g, " ")
          .replace(/&lt;/g, "<")
          .replace(/&gt;/g, ">")
          .replace(/&quot;/g, '"')
          .replace(/&amp;/g, "&"),
      );
      for (const text of textsOf(of(lang))) expect(read).toContain(bare(text));
      for (const cells of cellsOf(of(lang))) expect(read).toContain(bare(cells.join("")));
      const charts = of(lang).sections.flatMap(({ blocks }) => blocks.filter(({ kind }) => kind === "chart"));
      expect(html.match(/<img/g)).toHaveLength(charts.length);
    },
    120_000,
  );

  test.each(REPORT_LANGUAGES)(
    "PDF in %s: pdftotext reads every text and every figure, the font is inside, A4",
    async (lang) => {
      const pdf = await render(of(lang), "pdf");
      const read = bare(await tools.pdfText(pdf));
      for (const { cell } of of(lang).headlines) expect(read).toContain(bare(cell.text));
      // Rows whose words need one line stand in one line.
      const told = cellsOf(of(lang)).filter((cells) => cells.every((text) => text.length < 9));
      expect(told.length).toBeGreaterThan(50);
      for (const cells of told) expect(read).toContain(bare(cells.join("")));
      const facts = await tools.pdfFacts(pdf);
      expect(facts).toMatch(/Page size: +59[45](\.\d+)? x 84[12](\.\d+)? pts \(A4\)/);
      const fonts = facts.slice(facts.indexOf("emb sub uni")).split("\n").slice(2).filter(Boolean);
      expect(fonts.length).toBeGreaterThan(0);
      for (const font of fonts) expect(font).toMatch(/NotoSansSC.* yes yes yes /);
    },
    60_000,
  );

  test("XLSX: LibreOffice reads the first sheet and its figures as numbers in their formats", async () => {
    const xlsx = await render(of("zh"), "xlsx");
    const csv = (
      await tools.convert(xlsx, "xlsx", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false")
    ).toString();
    expect(csv).toContain(of("zh").title);
    const told = of("zh").headlines.filter(({ cell }) => cell.value !== null);
    expect(told.length).toBeGreaterThan(4);
    for (const { cell } of told)
      expect(csv).toContain(cell.text.endsWith("%") ? cell.text : grouped(Number(cell.value)));
  }, 120_000);
});

describe("XLSX read by a library that did not write it", () => {
  test.each(REPORT_LANGUAGES)(
    "in %s every table is a sheet, and its figures are the document's, unrounded",
    async (lang) => {
      const sheets = await readExcelFile(Buffer.from(await render(of(lang), "xlsx")));
      const byTitle = new Map(sheets.map(({ data }) => [data[0]?.[0], data]));
      for (const table of tablesOf(of(lang))) {
        const data = byTitle.get(table.title);
        expect(data, table.title).toBeDefined();
        for (const [r, { cells }] of table.rows.entries())
          for (const [c, { value, text }] of cells.entries()) {
            const found = data?.[r + 2]?.[c] ?? null;
            if (value === null) expect(found ?? "", `${table.id} ${r} ${c}`).toBe(text);
            else expect(Number(found), `${table.id} ${r} ${c}`).toBe(Number(value));
          }
      }
    },
  );
});
