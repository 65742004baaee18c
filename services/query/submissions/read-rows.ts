import { api, Fault, SUBMISSION_MAX_ROWS, type SubmittedRow } from "@v6meter/schemas";
import { CsvError, parse } from "csv-parse/sync";
import { cellText } from "./cell-text.ts";
import { readWorkbook, type SheetRow } from "./workbook.ts";

/** The rows of a submission as they were sent, before anything is checked. */
export interface SentRows {
  /** Names of the columns, in the order of the file, as often as they stand there. */
  readonly columns: readonly string[];
  /** Where those names stand; null in JSON. */
  readonly headerRow: number | null;
  readonly rows: readonly SubmittedRow[];
}

/** Media types that carry rows. */
export const ROW_TYPES = ["application/json", "text/csv", api.XLSX_TYPE] as const;

/** Longest text of a cell that is kept. */
const CELL_MAX_LENGTH = 1_000;

/**
 * Reads the rows of a body by its media type. Throws QUERY_INVALID where it is not of that type, or has more than
 * SUBMISSION_MAX_ROWS rows.
 */
export async function readRows(contentType: string, body: unknown): Promise<SentRows> {
  const [type = "", ...parameters] = contentType.split(";").map((part) => part.trim().toLowerCase());
  if (type === "text/csv") return table(csvRows(csvText(body as Uint8Array, parameters)));
  if (type === api.XLSX_TYPE) return table(await readWorkbook(body as Uint8Array));
  return jsonRows((body as { rows: Record<string, string | number | null>[] }).rows);
}

function csvText(bytes: Uint8Array, parameters: readonly string[]): string {
  const charset = parameters.map((it) => /^charset="?([^"]+)"?$/.exec(it)?.[1]).find((it) => it) ?? "utf-8";
  if (!["utf-8", "utf8", "gbk", "gb2312", "gb18030"].includes(charset))
    throw new Fault("QUERY_INVALID", `Content-Type: found charset ${charset}; allowed: utf-8, gbk, gb18030.`);
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    throw new Fault(
      "QUERY_INVALID",
      `The file is not ${charset} throughout; allowed: CSV in UTF-8, or in GBK with Content-Type: text/csv; charset=gbk.`,
    );
  }
}

function csvRows(text: string): SheetRow[] {
  try {
    const records = parse(text, {
      info: true,
      bom: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return records.map(({ record, info }) => ({ row: info.lines, cells: record }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new Fault("QUERY_INVALID", `The file is not CSV, line ${error.lines ?? "?"}: ${error.message}.`);
  }
}

/** Rows with a header; those that are empty or begin with # say nothing. */
function table(all: readonly SheetRow[]): SentRows {
  const told = all.filter(({ cells }) => {
    const first = cells.find((cell) => cell.trim() !== "");
    return first !== undefined && !first.trim().startsWith("#");
  });
  const [header, ...body] = told;
  if (header === undefined)
    throw new Fault("QUERY_INVALID", "The file is empty; allowed: a header of column names, and rows below it.");
  limit(body.length);
  const names = header.cells.map((cell) => cell.trim());
  const columns = names.slice(0, names.findLastIndex((name) => name !== "") + 1);
  return {
    columns,
    headerRow: header.row,
    rows: body.map(({ row, cells }) => ({
      row,
      // Cells beyond the header have no name but their place.
      cells: cellsOf(cells.map((cell, i) => [columns[i] || `column ${i + 1}`, cell])),
    })),
  };
}

function jsonRows(rows: readonly Record<string, string | number | null>[]): SentRows {
  limit(rows.length);
  return {
    columns: [...new Set(rows.flatMap((row) => Object.keys(row)))],
    headerRow: null,
    rows: rows.map((row, i) => ({
      row: i + 1,
      cells: cellsOf(Object.entries(row).map(([name, value]) => [name, cellText(value)])),
    })),
  };
}

function cellsOf(cells: readonly (readonly [string, string])[]): Record<string, string> {
  const trimmed = cells.map(([name, cell]) => [name, cell.trim().slice(0, CELL_MAX_LENGTH)] as const);
  return Object.fromEntries(trimmed.filter(([, cell]) => cell !== ""));
}

function limit(rows: number): void {
  if (rows > SUBMISSION_MAX_ROWS)
    throw new Fault("QUERY_INVALID", `The file has ${rows} rows; allowed: up to ${SUBMISSION_MAX_ROWS}.`);
}
