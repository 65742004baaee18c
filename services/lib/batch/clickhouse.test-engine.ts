import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Session } from "chdb";
import { afterAll } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "v6meter-batch-"));
const session = new Session(join(folder, "engine"));
afterAll(() => {
  session.cleanup();
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;

/** Rows of a statement as the embedded ClickHouse prints them; 64-bit integers are strings. */
export function select(statement: string): Record<string, unknown>[] {
  // One thread: rows come in the order of the stream.
  const settings = "SETTINGS output_format_json_quote_64bit_integers = 1, max_threads = 1";
  const lines = session.query(`${statement} ${settings}`, "JSONEachRow").trim();
  return lines === "" ? [] : lines.split("\n").map((line) => JSON.parse(line));
}

/** Runs a statement that answers nothing. */
export function run(statement: string): void {
  session.query(statement);
}

/** A stream as a table expression of the independent reader. */
export function arrowFile(stream: Uint8Array): string {
  const path = join(folder, `${files++}.arrow`);
  writeFileSync(path, stream);
  return `file('${path}', 'ArrowStream')`;
}
