/** A column of the table behind a chart. */
export interface Column<T> {
  readonly name: string;
  readonly title: string;
  /** As it is exported: not rounded. */
  readonly value: (row: T) => string | number | null;
  /** As it is read on the screen; the value itself where it is missing. */
  readonly text?: (row: T) => string;
}

function cell(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows as CSV (RFC 4180), the columns' names first. */
export function csvOf<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const lines = [columns.map(({ name }) => name), ...rows.map((row) => columns.map(({ value }) => value(row)))];
  return `${lines.map((line) => line.map(cell).join(",")).join("\r\n")}\r\n`;
}

/** Hands a file to the browser. */
export function saveFile(name: string, address: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

/** Hands a file's content to the browser. */
export function saveBlob(name: string, blob: Blob): void {
  const address = URL.createObjectURL(blob);
  saveFile(name, address);
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Hands rows as CSV to the browser, marked as UTF-8 for spreadsheets. */
export function saveCsv<T>(name: string, columns: readonly Column<T>[], rows: readonly T[]): void {
  saveBlob(name, new Blob([`\uFEFF${csvOf(columns, rows)}`], { type: "text/csv;charset=utf-8" }));
}
