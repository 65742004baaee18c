import {
  followsFigures,
  isNumeric,
  type ReportBlock,
  type ReportCell,
  type ReportChart,
  type ReportDocument,
  type ReportTable,
  type ReportTiles,
  rowsOnPages,
} from "@v6meter/schemas";
import {
  AlignmentType,
  BorderStyle,
  Document,
  type FileChild,
  Footer,
  Header,
  HeadingLevel,
  LineRuleType,
  Packer,
  PageNumber,
  Paragraph,
  ShadingType,
  Table,
  TableCell,
  TableLayoutType,
  TableRow,
  TextRun,
  VerticalAlign,
  WidthType,
} from "docx";
import { ChartRun } from "docx/charts";
import { scaledValues, sizeOf, TONES } from "./chart.ts";
import { momentOf } from "./moment.ts";
import { PAPER, tint } from "./tint.ts";
import { dated, edited, type Parts, packed, unpacked } from "./zip.ts";

/** Twentieths of a point: A4 less the margins. */
const MARGIN = 1_247;
const WIDTH = 11_906 - 2 * MARGIN;
/** Pixels of a chart across the page. */
const CHART_WIDTH = 600;
const WIDE_COLUMNS = 8;
/** A line as high as what stands in it: words of a table, a chart. */
const SINGLE = { line: 240, lineRule: LineRuleType.AUTO } as const;

/** What offices write in: FangSong with headings in Heiti (GB/T 9704), and their like in English. */
const FONTS = {
  body: { ascii: "Times New Roman", hAnsi: "Times New Roman", cs: "Times New Roman", eastAsia: "仿宋" },
  head: { ascii: "Arial", hAnsi: "Arial", cs: "Arial", eastAsia: "黑体" },
  table: { ascii: "Arial", hAnsi: "Arial", cs: "Arial", eastAsia: "宋体" },
} as const;

const line = { style: BorderStyle.SINGLE, size: 4, color: PAPER.line };
const none = { style: BorderStyle.NONE, size: 0, color: "auto" };
const RULED = { top: line, bottom: line, insideHorizontal: line, left: none, right: none, insideVertical: none };
const PLAIN = { top: none, bottom: none, insideHorizontal: none, left: none, right: none, insideVertical: none };

interface CellLook {
  readonly width: number;
  readonly size: number;
  readonly numeric: boolean;
  /** Whether it follows a column of figures, from which it is kept apart. */
  readonly apart: boolean;
  readonly head?: boolean;
}

function tableCell(
  { text, tone, shade }: Pick<ReportCell, "text" | "tone" | "shade">,
  { width, size, numeric, apart, head }: CellLook,
): TableCell {
  const fill = head ? PAPER.head : shade === undefined ? null : tint(shade);
  return new TableCell({
    width: { size: width, type: WidthType.DXA },
    verticalAlign: VerticalAlign.CENTER,
    margins: { left: apart ? 200 : 60, right: 60, top: 20, bottom: 20 },
    ...(fill !== null && { shading: { type: ShadingType.CLEAR, color: "auto", fill } }),
    children: [
      new Paragraph({
        alignment: numeric ? AlignmentType.RIGHT : AlignmentType.LEFT,
        spacing: { ...SINGLE, before: 0, after: 0 },
        children: [
          new TextRun({
            text,
            size,
            font: FONTS.table,
            ...(head && { bold: true }),
            ...(tone && { color: PAPER[tone] }),
          }),
        ],
      }),
    ],
  });
}

/** Widths in twentieths of a point whose sum is the page's. */
function widthsOf({ columns }: ReportTable): number[] {
  const sum = columns.reduce((all, { width }) => all + width, 0);
  return columns.map(({ width }) => Math.floor((WIDTH * width) / sum));
}

const caption = (text: string) =>
  new Paragraph({
    keepNext: true,
    spacing: { before: 240, after: 80 },
    children: [new TextRun({ text, bold: true, size: 22, font: FONTS.head })],
  });
const note = (text: string) =>
  new Paragraph({
    spacing: { ...SINGLE, before: 60, after: 60 },
    children: [new TextRun({ text, size: 17, color: PAPER.soft, font: FONTS.table })],
  });

function table(block: ReportTable): FileChild[] {
  const widths = widthsOf(block);
  const size = block.columns.length > WIDE_COLUMNS ? 14 : 18;
  const look = (at: number) => ({
    width: widths[at] ?? 0,
    size,
    numeric: isNumeric(block, at),
    apart: followsFigures(block, at),
  });
  const head = new TableRow({
    tableHeader: true,
    cantSplit: true,
    children: block.columns.map(({ title }, at) => tableCell({ text: title }, { ...look(at), head: true })),
  });
  const rows = rowsOnPages(block).map(
    ({ cells }) => new TableRow({ cantSplit: true, children: cells.map((cell, at) => tableCell(cell, look(at))) }),
  );
  return [
    caption(block.title),
    new Table({
      layout: TableLayoutType.FIXED,
      width: { size: widths.reduce((all, width) => all + width, 0), type: WidthType.DXA },
      columnWidths: widths,
      borders: RULED,
      rows: [head, ...rows],
    }),
    ...(block.note ? [note(block.note)] : []),
  ];
}

function tiles(map: ReportTiles): FileChild[] {
  const width = 1_500;
  const white = { style: BorderStyle.SINGLE, size: 24, color: "FFFFFF" };
  const borders = { top: white, bottom: white, left: white, right: white };
  const rows = Array.from({ length: map.rows }, (_, row) => {
    const cells = Array.from({ length: map.columns }, (_, column) => {
      const tile = map.tiles.find((it) => it.column === column && it.row === row);
      const words = (text: string, bold: boolean) =>
        new Paragraph({
          alignment: AlignmentType.CENTER,
          spacing: { before: 0, after: 0 },
          keepNext: true,
          children: [new TextRun({ text, bold, size: 18, font: FONTS.table })],
        });
      return new TableCell({
        width: { size: width, type: WidthType.DXA },
        borders,
        margins: { top: 60, bottom: 60 },
        ...(tile?.cell.shade !== undefined && {
          shading: { type: ShadingType.CLEAR, color: "auto", fill: tint(tile.cell.shade) },
        }),
        children: tile ? [words(tile.label, false), words(tile.cell.text, true)] : [words("", false)],
      });
    });
    return new TableRow({ cantSplit: true, children: cells });
  });
  return [
    caption(map.title),
    new Table({
      layout: TableLayoutType.FIXED,
      width: { size: width * map.columns, type: WidthType.DXA },
      columnWidths: Array.from({ length: map.columns }, () => width),
      borders: PLAIN,
      rows,
    }),
  ];
}

/** A chart of the office program's own, with its figures in it: it can be edited like any other. */
function chart(block: ReportChart): FileChild[] {
  const { form, categories, series, scale, title } = block;
  const { width, height } = sizeOf(block, CHART_WIDTH);
  const values = scaledValues(block);
  const numberFormat = "#,##0.0";
  const options = {
    categories: [...categories],
    series: series.map(({ name, tone }, at) => ({
      name,
      values: values[at] ?? [],
      color: TONES[tone].slice(1),
      ...(form === "line" && { line: { color: TONES[tone].slice(1), width: 2 } }),
    })),
    ...(series.length > 1 ? { legend: { position: "top" as const } } : { legend: false as const }),
    valueAxis: { gridlines: true, numberFormat, ...(scale.suffix !== "" && { title: scale.suffix }) },
    transformation: { width, height },
    altText: { name: title, title, description: title },
  };
  const drawing =
    form === "line"
      ? new ChartRun({ type: "line", markers: true, ...options })
      : form === "stacked"
        ? new ChartRun({ type: "column", stacking: "stacked", ...options })
        : new ChartRun({
            type: "bar",
            ...options,
            // Every bar says its figure, from 0 on.
            valueAxis: { visible: false, gridlines: false, minimum: 0 },
            categoryAxis: { reverseOrder: true, font: { size: 9 } },
            dataLabels: { value: true, numberFormat: "#,##0.00" },
          });
  return [caption(title), new Paragraph({ alignment: AlignmentType.CENTER, spacing: SINGLE, children: [drawing] })];
}

function blockContent(block: ReportBlock): FileChild[] {
  switch (block.kind) {
    case "text":
      if (block.tone === "note") return block.paragraphs.map(({ text }) => note(text));
      if (block.tone === "warning") return warning(block.paragraphs.map(({ text }) => text));
      return block.paragraphs.map(({ text }) => new Paragraph({ children: [new TextRun(text)] }));
    case "table":
      return table(block);
    case "tiles":
      return tiles(block);
    case "chart":
      return chart(block);
  }
}

function warning(texts: readonly string[]): FileChild[] {
  return texts.map(
    (text) =>
      new Paragraph({
        spacing: { before: 40, after: 40 },
        indent: { left: 160 },
        border: { left: { style: BorderStyle.SINGLE, size: 24, space: 8, color: PAPER.bad } },
        shading: { type: ShadingType.CLEAR, color: "auto", fill: PAPER.warning },
        children: [new TextRun({ text, size: 21 })],
      }),
  );
}

function cover({ title, subtitle, facts, notices, headlines }: ReportDocument): FileChild[] {
  const centre = (text: string, size: number, before: number, after: number) =>
    new Paragraph({
      alignment: AlignmentType.CENTER,
      spacing: { before, after },
      children: [new TextRun({ text, size, bold: true, font: FONTS.head })],
    });
  const card = ({ name, cell, changes }: ReportDocument["headlines"][number]) => {
    const words = (text: string, more: object) =>
      new Paragraph({
        spacing: { before: 0, after: 0 },
        children: [new TextRun({ text, font: FONTS.table, ...more })],
      });
    return new TableCell({
      width: { size: Math.floor(WIDTH / 3), type: WidthType.DXA },
      margins: { top: 100, bottom: 100, left: 140, right: 60 },
      shading: { type: ShadingType.CLEAR, color: "auto", fill: "f3f6f9" },
      children: [
        words(name, { size: 18, color: PAPER.soft }),
        words(cell.text, { size: 34, bold: true }),
        ...changes.map((it) =>
          words(`${it.label} ${it.cell.text}`, { size: 18, ...(it.cell.tone && { color: PAPER[it.cell.tone] }) }),
        ),
      ],
    });
  };
  const empty = () => new TableCell({ children: [new Paragraph("")] });
  const rows = Array.from({ length: Math.ceil(headlines.length / 3) }, (_, at) => {
    const cards = headlines.slice(at * 3, at * 3 + 3).map(card);
    return new TableRow({ cantSplit: true, children: [...cards, ...Array.from({ length: 3 - cards.length }, empty)] });
  });
  const white = { style: BorderStyle.SINGLE, size: 24, color: "FFFFFF" };
  return [
    centre(title, 52, 1_200, 160),
    centre(subtitle, 32, 0, 600),
    ...facts.map(
      ({ label, text }) =>
        new Paragraph({
          spacing: { before: 20, after: 20 },
          children: [new TextRun({ text: `${label}　`, color: PAPER.soft }), new TextRun(text)],
        }),
    ),
    new Paragraph({ spacing: { before: 0, after: 120 }, children: [] }),
    ...warning(notices),
    new Paragraph({ spacing: { before: 0, after: 120 }, children: [] }),
    ...(rows.length > 0
      ? [
          new Table({
            layout: TableLayoutType.FIXED,
            width: { size: WIDTH, type: WidthType.DXA },
            columnWidths: [1, 2, 3].map(() => Math.floor(WIDTH / 3)),
            borders: {
              top: white,
              bottom: white,
              left: white,
              right: white,
              insideHorizontal: white,
              insideVertical: white,
            },
            rows,
          }),
        ]
      : []),
  ];
}

/** "Page {page} of {pages}" with the fields that an office program fills in. */
function pageNumbers(words: string): TextRun {
  const children = words
    .split(/(\{pages?\})/)
    .map((part) => (part === "{page}" ? PageNumber.CURRENT : part === "{pages}" ? PageNumber.TOTAL_PAGES : part));
  return new TextRun({ children, size: 18, color: PAPER.soft });
}

/** A document that offices edit: headings, tables and charts are the program's own. */
export async function renderDocx(document: ReportDocument): Promise<Uint8Array> {
  const { title, subtitle, labels, sections } = document;
  const heading = { font: FONTS.head, bold: true };
  const file = new Document({
    title: `${title} ${subtitle}`,
    creator: "v6meter",
    lastModifiedBy: "v6meter",
    revision: 1,
    styles: {
      default: {
        document: {
          run: { font: FONTS.body, size: 24, color: PAPER.ink },
          paragraph: { spacing: { before: 60, after: 60, line: 360, lineRule: LineRuleType.AUTO } },
        },
        heading1: {
          run: { ...heading, size: 32, color: PAPER.accent },
          paragraph: { spacing: { before: 360, after: 160 } },
        },
      },
    },
    sections: [
      {
        properties: {
          titlePage: true,
          page: {
            size: { width: 11_906, height: 16_838 },
            margin: { top: 1_304, bottom: 1_191, left: MARGIN, right: MARGIN },
          },
        },
        headers: {
          default: new Header({
            children: [
              new Paragraph({
                children: [new TextRun({ text: `${title}　${subtitle}`, size: 17, color: PAPER.soft })],
              }),
            ],
          }),
          first: new Header({ children: [new Paragraph("")] }),
        },
        footers: {
          default: new Footer({
            children: [new Paragraph({ alignment: AlignmentType.CENTER, children: [pageNumbers(labels.page)] })],
          }),
          first: new Footer({ children: [new Paragraph("")] }),
        },
        children: [
          ...cover(document),
          ...sections.flatMap((section, at) => [
            new Paragraph({
              text: section.number + section.title,
              heading: HeadingLevel.HEADING_1,
              keepNext: true,
              pageBreakBefore: at === 0,
            }),
            ...section.blocks.flatMap(blockContent),
          ]),
        ],
      },
    ],
  });
  const parts = unpacked(await Packer.toBuffer(file));
  dated(parts, momentOf(document));
  numbered(parts);
  // The workbooks behind the charts are archives of their own.
  for (const [name, workbook] of parts) {
    if (!name.endsWith(".xlsx")) continue;
    const inner = unpacked(workbook);
    if (inner.has("docProps/core.xml")) dated(inner, momentOf(document));
    parts.set(name, packed(inner));
  }
  return packed(parts);
}

/** Drawings count on through the whole process, and relations get ids by chance: a document's own count from 1. */
function numbered(parts: Parts): void {
  const relations = new Map<string, string>();
  const relation = (id: string) => {
    if (!relations.has(id)) relations.set(id, `rIdR${relations.size + 1}`);
    return relations.get(id) as string;
  };
  let drawings = 0;
  for (const name of [...parts.keys()].filter((it) => /\.(xml|rels)$/.test(it)).sort())
    edited(parts, name, (text) =>
      text
        .replace(/"(rId[A-Za-z0-9_-]{21})"/g, (_, id) => `"${relation(id)}"`)
        .replace(/(<wp:docPr [^>]*?id=")\d+"/g, (_, start) => `${start}${++drawings}"`),
    );
}
