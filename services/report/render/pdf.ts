import { createRequire } from "node:module";
import {
  followsFigures,
  isNumeric,
  type ReportBlock,
  type ReportCell,
  type ReportDocument,
  type ReportTable,
  type ReportTiles,
  rowsOnPages,
} from "@v6meter/schemas";
import pdfmake from "pdfmake";
import type { Content, ContentTable, TableCell, TDocumentDefinitions } from "pdfmake/interfaces.js";
import { filled } from "../format.ts";
import { chartSvg, sizeOf } from "./chart.ts";
import { momentOf } from "./moment.ts";
import { PAPER, tint } from "./tint.ts";

const FONT = "NotoSansSC";
const font = (weight: string) =>
  createRequire(import.meta.url).resolve(`@expo-google-fonts/noto-sans-sc/${weight}/NotoSansSC_${weight}.ttf`);
const FONT_FILES = { normal: font("400Regular"), bold: font("700Bold") };

/** A4 in points, less the margins. */
const MARGINS = { left: 44, top: 54, right: 44, bottom: 52 } as const;
const WIDTH = 595 - MARGINS.left - MARGINS.right;
const PADDING = 3;
/** Tables of more columns are set smaller. */
const WIDE_COLUMNS = 8;
/** A table of so many rows or fewer stands on one page, with its note. */
const UNBROKEN_ROWS = 12;
const CHART_DRAWN_WIDTH = 760;
/** A section does not begin below this part of a page. */
const LOWEST_HEADING = 0.82;

pdfmake.setFonts({
  [FONT]: {
    normal: FONT_FILES.normal,
    bold: FONT_FILES.bold,
    italics: FONT_FILES.normal,
    bolditalics: FONT_FILES.bold,
  },
});
// Nothing but the font is read, and nothing is loaded.
pdfmake.setLocalAccessPolicy((path) => Object.values(FONT_FILES).includes(path));
pdfmake.setUrlAccessPolicy(() => false);

const colour = (hex: string) => `#${hex}`;

type Margin = [left: number, top: number, right: number, bottom: number];

function cell({ text, tone, shade }: ReportCell, numeric: boolean, margin: Margin): TableCell {
  return {
    text,
    margin,
    alignment: numeric ? "right" : "left",
    ...(tone && { color: colour(PAPER[tone]) }),
    ...(shade !== undefined && { fillColor: colour(tint(shade)) }),
  };
}

const RULED = {
  hLineWidth: (at: number) => (at === 0 ? 0 : 0.5),
  vLineWidth: () => 0,
  hLineColor: () => colour(PAPER.line),
  paddingLeft: () => PADDING,
  paddingRight: () => PADDING,
  paddingTop: () => 2,
  paddingBottom: () => 2,
} as const;

/** Points between figures and the words after them. */
const APART = 8;

function table(block: ReportTable): Content[] {
  const { columns, title, note } = block;
  const rows = rowsOnPages(block);
  const numeric = columns.map((_, at) => isNumeric(block, at));
  const apart = (at: number): Margin => [followsFigures(block, at) ? APART : 0, 0, 0, 0];
  const sum = columns.reduce((all, { width }) => all + width, 0);
  const room = WIDTH - columns.length * PADDING * 2;
  const body: ContentTable = {
    table: {
      // The name is a row of the head: it never stands alone at the foot of a page, and is told again on the next one.
      headerRows: 2,
      dontBreakRows: true,
      keepWithHeaderRows: 1,
      widths: columns.map(({ width }) => (room * width) / sum),
      body: [
        [
          {
            text: title,
            bold: true,
            fontSize: 10.5,
            colSpan: columns.length,
            border: [false, false, false, false],
            margin: [-PADDING, 0, 0, 3],
          },
          ...columns.slice(1).map(() => ({})),
        ],
        columns.map((it, at) => ({
          text: it.title,
          bold: true,
          fillColor: colour(PAPER.head),
          alignment: numeric[at] ? ("right" as const) : ("left" as const),
          margin: apart(at),
        })),
        ...rows.map(({ cells }) => cells.map((it, at) => cell(it, numeric[at] ?? false, apart(at)))),
      ],
    },
    layout: RULED,
    fontSize: columns.length > WIDE_COLUMNS ? 7 : 8.5,
    margin: [0, 14, 0, 0],
  };
  const blocks = [body, ...(note ? [{ text: note, style: "note" }] : [])];
  return rows.length > UNBROKEN_ROWS ? blocks : [{ stack: blocks, unbreakable: true }];
}

function tiles({ title, columns, rows, tiles: all }: ReportTiles): Content[] {
  const body = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column): TableCell => {
      const tile = all.find((it) => it.column === column && it.row === row);
      if (!tile) return { text: "", border: [false, false, false, false] };
      return {
        stack: [
          { text: tile.label, fontSize: 8, alignment: "center" },
          { text: tile.cell.text, bold: true, fontSize: 9.5, alignment: "center" },
        ],
        ...(tile.cell.shade !== undefined && { fillColor: colour(tint(tile.cell.shade)) }),
      };
    }),
  );
  return [
    {
      // One page holds the map and its name.
      unbreakable: true,
      stack: [
        { text: title, style: "caption" },
        {
          table: { widths: Array.from({ length: columns }, () => 74), body },
          layout: { hLineWidth: () => 2, vLineWidth: () => 2, hLineColor: () => "white", vLineColor: () => "white" },
        },
      ],
    },
  ];
}

function blockContent(block: ReportBlock): Content[] {
  switch (block.kind) {
    case "text":
      if (block.tone !== "warning")
        return block.paragraphs.map(({ text }) => ({ text, style: block.tone === "note" ? "note" : "paragraph" }));
      return [
        {
          table: {
            widths: [WIDTH - 20],
            body: [[{ stack: block.paragraphs.map(({ text }) => ({ text, margin: [0, 2, 0, 2] })) }]],
          },
          layout: {
            hLineWidth: () => 0,
            vLineWidth: (at) => (at === 0 ? 3 : 0),
            vLineColor: () => colour(PAPER.bad),
            fillColor: () => colour(PAPER.warning),
            paddingLeft: () => 10,
          },
          margin: [0, 8, 0, 4],
        },
      ];
    case "table":
      return table(block);
    case "tiles":
      return tiles(block);
    case "chart": {
      const size = sizeOf(block, CHART_DRAWN_WIDTH);
      const svg = chartSvg(block, size, FONT);
      return [
        {
          unbreakable: true,
          stack: [
            { text: block.title, style: "caption" },
            { svg, width: WIDTH, font: FONT },
          ],
        },
      ];
    }
  }
}

function cover({ title, subtitle, facts, notices, headlines }: ReportDocument): Content[] {
  const cards = headlines.map(({ name, cell, changes }) => ({
    stack: [
      { text: name, fontSize: 9, color: colour(PAPER.soft) },
      { text: cell.text, fontSize: 17, bold: true, margin: [0, 2, 0, 2] as [number, number, number, number] },
      ...changes.map((it) => ({
        text: [
          `${it.label} `,
          { text: it.cell.text, bold: true, ...(it.cell.tone && { color: colour(PAPER[it.cell.tone]) }) },
        ],
        fontSize: 9,
      })),
    ],
  }));
  const lines = Array.from({ length: Math.ceil(cards.length / 3) }, (_, line) => {
    const row = cards.slice(line * 3, line * 3 + 3);
    return [...row, ...Array.from({ length: 3 - row.length }, () => ({ stack: [] }))];
  });
  return [
    { text: title, fontSize: 24, bold: true, color: colour(PAPER.accent), margin: [0, 70, 0, 4] },
    { text: subtitle, fontSize: 16, color: colour(PAPER.soft), margin: [0, 0, 0, 26] },
    {
      table: {
        widths: [110, WIDTH - 130],
        body: facts.map(({ label, text }) => [{ text: label, color: colour(PAPER.soft) }, text]),
      },
      layout: "noBorders",
      margin: [0, 0, 0, 18],
    },
    ...(notices.length > 0
      ? blockContent({ kind: "text", tone: "warning", paragraphs: notices.map((text) => ({ text })) })
      : []),
    ...(lines.length > 0
      ? [
          {
            table: { widths: ["*", "*", "*"], body: lines },
            layout: {
              hLineWidth: () => 3,
              vLineWidth: () => 6,
              hLineColor: () => "white",
              vLineColor: () => "white",
              fillColor: () => colour("f3f6f9"),
              paddingLeft: () => 10,
              paddingTop: () => 8,
              paddingBottom: () => 8,
            },
            margin: [0, 16, 0, 0],
          } as Content,
        ]
      : []),
  ];
}

/** A4 pages with the font inside, so that they look the same everywhere. */
export async function renderPdf(document: ReportDocument): Promise<Uint8Array> {
  const { title, subtitle, labels, sections } = document;
  const madeAt = new Date(momentOf(document));
  const definition: TDocumentDefinitions = {
    pageSize: "A4",
    pageMargins: [MARGINS.left, MARGINS.top, MARGINS.right, MARGINS.bottom],
    info: {
      title: `${title} ${subtitle}`,
      creationDate: madeAt,
      modDate: madeAt,
      producer: "v6meter",
      creator: "v6meter",
    },
    language: document.lang === "zh" ? "zh-CN" : "en",
    defaultStyle: { font: FONT, fontSize: 10, lineHeight: 1.15, color: colour(PAPER.ink) },
    styles: {
      section: { fontSize: 16, bold: true, color: colour(PAPER.accent), margin: [0, 18, 0, 8] },
      caption: { fontSize: 10.5, bold: true, margin: [0, 14, 0, 5] },
      paragraph: { margin: [0, 3, 0, 3], lineHeight: 1.35 },
      note: { fontSize: 8, color: colour(PAPER.soft), margin: [0, 4, 0, 4] },
    },
    header: (page) =>
      page === 1
        ? null
        : {
            text: `${title}　${subtitle}`,
            fontSize: 8,
            color: colour(PAPER.soft),
            margin: [MARGINS.left, 26, MARGINS.right, 0],
          },
    footer: (page, pages) => ({
      text: filled(labels.page, { page, pages }),
      fontSize: 8,
      color: colour(PAPER.soft),
      alignment: "center",
      margin: [0, 18, 0, 0],
    }),
    content: [
      ...cover(document),
      ...sections.flatMap((section, at): Content[] => [
        {
          text: section.number + section.title,
          style: "section",
          headlineLevel: 1,
          outline: true,
          ...(at === 0 && { pageBreak: "before" as const }),
        },
        ...section.blocks.flatMap(blockContent),
      ]),
    ],
    // A heading does not stand alone at the foot of a page.
    pageBreakBefore: (node) => node.headlineLevel === 1 && (node.startPosition?.verticalRatio ?? 0) > LOWEST_HEADING,
  };
  return pdfmake.createPdf(definition).getBuffer();
}
