import { Worker } from "node:worker_threads";
import { Fault, WORKBOOK_MAX_MS } from "@v6meter/schemas";

/** One row of a sheet or file, and its number there. */
export interface SheetRow {
  readonly row: number;
  readonly cells: readonly string[];
}

/** What the thread that reads a workbook says at its end. */
export type WorkbookMessage = { readonly rows: SheetRow[] } | { readonly refused: string };

/** Heap of the thread; a sheet that names far rows or columns would be spread out in memory. */
const HEAP_MB = 128;

let lastRead: Promise<unknown> = Promise.resolve();

/**
 * Reads the first sheet of an XLSX file on a thread of its own, one file at a time, limited in bytes, memory and time.
 * Throws QUERY_INVALID where it is no workbook or reaches a limit.
 */
export function readWorkbook(bytes: Uint8Array): Promise<SheetRow[]> {
  const read = lastRead.then(() => onThread(bytes));
  lastRead = read.catch(() => {});
  return read;
}

function onThread(bytes: Uint8Array): Promise<SheetRow[]> {
  return new Promise((resolve, reject) => {
    const refuse = (reason: string) => reject(new Fault("QUERY_INVALID", `The workbook ${reason}.`));
    const worker = new Worker(new URL("./workbook-thread.ts", import.meta.url), {
      workerData: bytes,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    const late = setTimeout(() => {
      refuse(`takes more than ${WORKBOOK_MAX_MS / 1_000} s to read; allowed: a sheet of rows as the template's`);
      void worker.terminate();
    }, WORKBOOK_MAX_MS);
    worker.once("message", (message: WorkbookMessage) => {
      if ("rows" in message) resolve(message.rows);
      else refuse(message.refused);
    });
    worker.once("error", (error: Error & { code?: string }) => {
      if (error.code === "ERR_WORKER_OUT_OF_MEMORY")
        refuse(`needs more than ${HEAP_MB} MB to read; allowed: a sheet of rows as the template's`);
      else reject(error);
    });
    worker.once("exit", () => {
      clearTimeout(late);
      refuse("could not be read");
    });
  });
}
