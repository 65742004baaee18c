/** Whether an Accept header ranks CSV above JSON; a header that names neither does not. */
export function prefersCsv(header: string | undefined): boolean {
  return preferredType(header, ["application/json", "text/csv"]) === "text/csv";
}

/** The media type that an Accept header ranks highest (RFC 9110 §12.5.1), the first of equals. */
export function preferredType<T extends string>(header: string | undefined, types: readonly [T, ...T[]]): T {
  const weights = new Map<string, number>();
  for (const part of (header ?? "*/*").split(",")) {
    const [range = "", ...parameters] = part.trim().toLowerCase().split(";");
    const q = parameters.map((it) => /^\s*q\s*=\s*([\d.]+)\s*$/.exec(it)?.[1]).find((text) => text !== undefined);
    weights.set(range.trim(), q === undefined ? 1 : Number(q));
  }
  const weightOf = (type: string) =>
    weights.get(type) ?? weights.get(`${type.split("/")[0]}/*`) ?? weights.get("*/*") ?? 0;
  return types.reduce((best, type) => (weightOf(type) > weightOf(best) ? type : best));
}

/** Rows as CSV (RFC 4180) with a header; what is absent or null is an empty cell. */
export function csvText(columns: readonly string[], rows: readonly Readonly<Record<string, unknown>>[]): string {
  const cell = (value: unknown): string => {
    const text = value === null || value === undefined ? "" : String(value);
    // Spreadsheets run cells that begin so as formulas; numbers may begin with a minus.
    const safe = typeof value === "string" && /^[=+@\t\r]|^-(?!\d+(\.\d+)?$)/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const lines = rows.map((row) => columns.map((name) => cell(row[name])));
  return [columns.map(cell), ...lines].map((line) => `${line.join(",")}\r\n`).join("");
}
