import { parentPort, workerData } from "node:worker_threads";
import { SUBMISSION_MAX_ROWS, WORKBOOK_MAX_BYTES } from "@v6meter/schemas";
import { unzipSync } from "fflate";
import { readSheet } from "read-excel-file/universal";
import { cellText } from "./cell-text.ts";
import type { SheetRow, WorkbookMessage } from "./workbook.ts";

/** Rows and columns beyond what any template has; comments and empty rows have room. */
const MAX_ROWS = 2 * SUBMISSION_MAX_ROWS;
const MAX_COLUMNS = 100;

/** Bytes of a workbook once inflated, as its directory says; the inflater takes no more than is said there. */
function inflatedBytes(zip: Uint8Array): number {
  let bytes = 0;
  unzipSync(zip, {
    filter: ({ originalSize }) => {
      bytes += originalSize;
      return false;
    },
  });
  return bytes;
}

async function read(zip: Uint8Array<ArrayBuffer>): Promise<WorkbookMessage> {
  try {
    const bytes = inflatedBytes(zip);
    if (bytes > WORKBOOK_MAX_BYTES)
      return { refused: `inflates to ${bytes} bytes; allowed: up to ${WORKBOOK_MAX_BYTES}` };
    const sheet = await readSheet(zip.buffer);
    const rows: SheetRow[] = sheet
      .map((cells, i) => ({ row: i + 1, cells: cells.map(text) }))
      .filter(({ cells }) => cells.some((cell) => cell !== ""));
    const columns = Math.max(0, ...rows.map(({ cells }) => cells.length));
    if (rows.length > MAX_ROWS || columns > MAX_COLUMNS)
      return {
        refused: `has ${rows.length} rows and ${columns} columns; allowed: up to ${SUBMISSION_MAX_ROWS} rows, and the columns of the template`,
      };
    return { rows };
  } catch (error) {
    return { refused: `cannot be read: ${(error as Error).message}; allowed: an XLSX file` };
  }
}

function text(cell: unknown): string {
  if (cell instanceof Date) return cell.toISOString().slice(0, 10);
  return typeof cell === "number" || typeof cell === "string" ? cellText(cell) : String(cell ?? "");
}

parentPort?.postMessage(await read(Uint8Array.from(workerData as Uint8Array)));
