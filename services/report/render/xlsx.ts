import {
  pathOfCell,
  type ReportBlock,
  type ReportCell,
  type ReportColumn,
  type ReportDocument,
} from "@v6meter/schemas";
import writeExcelFile, { type CellObject, type Sheet } from "write-excel-file/node";
import { momentOf } from "./moment.ts";
import { dated, packed, unpacked } from "./zip.ts";

type SheetCells = (CellObject | null)[][];

interface Page {
  readonly title: string;
  readonly widths: readonly number[];
  readonly rows: SheetCells;
  /** Rows that stay in sight. */
  readonly sticky: number;
}

const FORMATS: Partial<Record<ReportColumn["unit"], string>> = { ratio: "0.00%", pp: "0.00%", points: "0.0" };
const NAME_MAX = 31;

const bold = (value: string): CellObject => ({ value, type: String, fontWeight: "bold" });
const head = (value: string): CellObject => ({
  value,
  type: String,
  fontWeight: "bold",
  backgroundColor: "#E8EEF4",
  wrap: true,
});
const plain = (value: string): CellObject => ({ value, type: String });

/** A figure as a number; one beyond 2^53 as its digits, since a spreadsheet would round it. */
function cellOf({ value, text }: ReportCell, unit: ReportColumn["unit"]): CellObject {
  const number = typeof value === "string" ? Number(value) : value;
  if (number === null) return plain(text);
  if (!Number.isSafeInteger(number) && typeof value === "string") return plain(value);
  return { value: number, type: Number, format: FORMATS[unit] ?? formatBy(text, number) };
}

/** Of a cell whose column has no one unit: as its text is written. */
function formatBy(text: string, value: number): string {
  if (text.endsWith("%") || text.endsWith("个百分点") || text.endsWith(" pp")) return "0.00%";
  return Number.isInteger(value) ? "#,##0" : "#,##0.00";
}

function pageOf(block: ReportBlock, document: ReportDocument): Page | null {
  const source = document.labels.source;
  switch (block.kind) {
    case "text":
      return null;
    case "tiles":
      return {
        title: block.title,
        widths: [18, 16, 60],
        sticky: 0,
        rows: [
          [bold(block.title)],
          ...block.tiles.map(({ label, cell }) => [plain(label), cellOf(cell, "none"), plain(block.path)]),
        ],
      };
    case "chart":
      return {
        title: block.title,
        widths: [16, ...block.series.map(() => 22)],
        sticky: 2,
        rows: [
          [bold(block.title)],
          [null, ...block.series.map(({ name }) => head(name))],
          ...block.categories.map((category, at) => [
            plain(category),
            ...block.series.map(({ values }) => {
              const value = values[at] ?? null;
              return value === null ? null : cellOf({ value, text: "" }, block.unit);
            }),
          ]),
          [plain(source), ...block.series.map(({ path }) => plain(path))],
        ],
      };
    case "table":
      return {
        title: block.title,
        widths: [...block.columns.map(({ width }) => Math.round(8 + width * 8)), 60],
        sticky: 2,
        rows: [
          [bold(block.title)],
          [...block.columns.map(({ title }) => head(title)), head(source)],
          ...block.rows.map(({ cells }, r) => [
            ...cells.map((cell, c) => cellOf(cell, block.columns[c]?.unit ?? "none")),
            plain(
              [...new Set(cells.map((_, c) => pathOfCell(block, r, c)).filter((path) => path !== undefined))].join(" "),
            ),
          ]),
          ...(block.note ? [[plain(block.note)]] : []),
        ],
      };
  }
}

function cover(document: ReportDocument): Page {
  return {
    title: document.subtitle,
    widths: [34, 24, 18, 18, 60],
    sticky: 0,
    rows: [
      [{ ...bold(document.title), fontSize: 16 }],
      [bold(document.subtitle)],
      ...document.facts.map(({ label, text }) => [plain(label), plain(text)]),
      ...document.notices.map((notice) => [{ ...plain(notice), textColor: "#B3261E" }]),
      [],
      ...document.headlines.map(({ name, cell, changes, path }) => [
        plain(name),
        cellOf(cell, "none"),
        ...changes.map((it) => cellOf(it.cell, "none")),
        plain(path),
      ]),
    ],
  };
}

/** A sheet's name: what a spreadsheet allows, and told apart from those before it. */
function nameOf(title: string, taken: Set<string>): string {
  const clean = title.replace(/[\\/?*[\]:']/g, " ").trim();
  for (let n = 1; ; n++) {
    const end = n === 1 ? "" : ` ${n}`;
    const name = clean.slice(0, NAME_MAX - end.length) + end;
    if (taken.has(name.toLowerCase())) continue;
    taken.add(name.toLowerCase());
    return name;
  }
}

/** A sheet for every table, chart and map, with the figures as numbers. */
export async function renderXlsx(document: ReportDocument): Promise<Uint8Array> {
  const blocks = document.sections.flatMap((section) => section.blocks);
  const pages = [cover(document), ...blocks.map((block) => pageOf(block, document)).filter((page) => page !== null)];
  const taken = new Set<string>();
  const sheets = pages.map(({ title, widths, rows, sticky }) => ({
    sheet: nameOf(title, taken),
    data: rows,
    columns: widths.map((width) => ({ width })),
    ...(sticky > 0 && { stickyRowsCount: sticky }),
  }));
  const written = await writeExcelFile(sheets as Sheet<Buffer>[], { fontFamily: "Calibri", fontSize: 11 }).toBuffer();
  const parts = unpacked(written);
  if (parts.has("docProps/core.xml")) dated(parts, momentOf(document));
  return packed(parts);
}
