import { z } from "zod";
import { instant } from "../api/instant.ts";
import { INDICATOR_UNITS } from "../indicators/catalogue-words.ts";

/**
 * A monthly report in one language, ready to be written in any format: every text is final, and every figure
 * stands with its value and the question of the API that gives it again.
 */

/** What a report is written as. */
export const REPORT_FORMATS = {
  html: "text/html; charset=utf-8",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  pdf: "application/pdf",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  csv: "text/csv; charset=utf-8",
  json: "application/json",
} as const;
export type ReportFormat = keyof typeof REPORT_FORMATS;
export const REPORT_FORMAT_NAMES = Object.keys(REPORT_FORMATS) as [ReportFormat, ...ReportFormat[]];

export const REPORT_LANGUAGES = ["zh", "en"] as const;
export type ReportLanguage = (typeof REPORT_LANGUAGES)[number];

/** Month of Asia/Shanghai that a report is of. */
export const reportMonth = z
  .string()
  .regex(/^20\d\d-(0[1-9]|1[0-2])$/, { error: "a month such as 2026-10, cut in Asia/Shanghai" });

const path = z.string().startsWith("/api/v1/").describe("Question of the API that gives the figure again");

/** One cell of a table: the text that is shown, and the figure behind it. */
export const reportCell = z.object({
  text: z.string(),
  value: z.union([z.number(), z.string()]).nullable().describe("The figure, not rounded; null of texts and gaps"),
  path: path.optional().describe("Of a figure; where it is missing the row's, else the column's"),
  shade: z.number().min(0).max(1).optional().describe("How strongly the cell is tinted"),
  tone: z.enum(["good", "bad"]).optional(),
});
export type ReportCell = z.infer<typeof reportCell>;

const unit = z.enum([...INDICATOR_UNITS, "pp", "none"]);

export const reportColumn = z.object({
  title: z.string(),
  unit: unit.describe("Of the values; pp: a difference of ratios"),
  path: path.optional(),
  width: z.number().positive().describe("Against the widths of the other columns"),
});
export type ReportColumn = z.infer<typeof reportColumn>;

/** A table; of form `grid` it is the tile map, whose empty cells are null. */
export const reportTable = z.object({
  kind: z.literal("table"),
  id: z.string().regex(/^[a-z0-9_-]+$/),
  title: z.string(),
  note: z.string().optional(),
  columns: z.array(reportColumn),
  rows: z.array(z.object({ path: path.optional(), cells: z.array(reportCell) })),
  page_rows: z.int().min(1).optional().describe("So many rows stand on pages; sheets and data have all of them"),
});
export type ReportTable = z.infer<typeof reportTable>;

/** A map of equal tiles, one a region. */
export const reportTiles = z.object({
  kind: z.literal("tiles"),
  id: z.string(),
  title: z.string(),
  path,
  columns: z.int(),
  rows: z.int(),
  tiles: z.array(z.object({ column: z.int(), row: z.int(), label: z.string(), cell: reportCell })),
});
export type ReportTiles = z.infer<typeof reportTiles>;

/** What a series is drawn as, in the platform's colours. */
export const SERIES_TONES = ["v6", "v4", "mobile", "fixed", "other", "target"] as const;
export type SeriesTone = (typeof SERIES_TONES)[number];

export const reportChart = z.object({
  kind: z.literal("chart"),
  id: z.string(),
  title: z.string(),
  form: z.enum(["line", "stacked", "bars"]).describe("Bars lie, a category each"),
  unit,
  scale: z
    .object({ divisor: z.number().positive(), suffix: z.string() })
    .describe("Values over divisor are shown with suffix"),
  categories: z.array(z.string()),
  series: z.array(
    z.object({ name: z.string(), tone: z.enum(SERIES_TONES), path, values: z.array(z.number().nullable()) }),
  ),
});
export type ReportChart = z.infer<typeof reportChart>;

export const reportText = z.object({
  kind: z.literal("text"),
  tone: z.enum(["plain", "note", "warning"]),
  paragraphs: z.array(z.object({ text: z.string(), path: path.optional() })),
});
export type ReportText = z.infer<typeof reportText>;

export const reportBlock = z.discriminatedUnion("kind", [reportText, reportTable, reportTiles, reportChart]);
export type ReportBlock = z.infer<typeof reportBlock>;

/** A figure of the first page. */
export const reportHeadline = z.object({
  id: z.string(),
  name: z.string(),
  cell: reportCell,
  path,
  changes: z.array(z.object({ label: z.string(), cell: reportCell })),
});

/** Where the figures come from: a frozen state of the month, or the platform as it was when it was asked. */
export const reportSnapshot = z.object({
  id: z.string(),
  version: z.int().min(1),
  taken_at: instant,
  published_at: instant.nullable().describe("null: a draft"),
});
export type ReportSnapshot = z.infer<typeof reportSnapshot>;

/** The whole report. */
export const reportDocument = z.object({
  month: reportMonth,
  lang: z.enum(REPORT_LANGUAGES),
  title: z.string(),
  subtitle: z.string(),
  snapshot: reportSnapshot.nullable().describe("null: live figures, which late data still changes"),
  facts: z
    .array(z.object({ label: z.string(), text: z.string() }))
    .describe("Of the cover: period, data, version, quality"),
  grade: z.string(),
  notices: z
    .array(z.string())
    .describe("What a reader must know before any figure: no data, month not over, exporters missing"),
  headlines: z.array(reportHeadline),
  sections: z.array(z.object({ id: z.string(), number: z.string(), title: z.string(), blocks: z.array(reportBlock) })),
  labels: z
    .object({ contents: z.string(), source: z.string(), page: z.string(), none: z.string() })
    .describe("Words the writers of formats need"),
});
export type ReportDocument = z.infer<typeof reportDocument>;

/** The question behind a cell: its own, its row's, or its column's. */
export function pathOfCell(table: ReportTable, row: number, column: number): string | undefined {
  const found = table.rows[row];
  const cell = found?.cells[column];
  if (cell === undefined || cell.value === null) return undefined;
  return cell.path ?? found?.path ?? table.columns[column]?.path;
}

/** The rows of a table that stand on pages. */
export function rowsOnPages({ rows, page_rows }: ReportTable): ReportTable["rows"] {
  return page_rows === undefined ? rows : rows.slice(0, page_rows);
}

/** What is shown where there is no figure. */
export const NO_FIGURE = "—";

/** Whether a column holds figures, or nothing but gaps in their place: those stand to the right. */
export function isNumeric({ rows }: ReportTable, column: number): boolean {
  const all = rows.map(({ cells }) => cells[column]);
  if (all.some((cell) => cell !== undefined && cell.value !== null)) return true;
  return all.length > 0 && all.every((cell) => cell?.text === NO_FIGURE);
}

/** Whether words follow figures, which stand at the end of their column: the two are kept apart. */
export function followsFigures(table: ReportTable, column: number): boolean {
  return column > 0 && isNumeric(table, column - 1) && !isNumeric(table, column);
}
