import { NO_FIGURE, pathOfCell, type ReportBlock, type ReportDocument } from "@v6meter/schemas";

type Line = readonly (string | number | null)[];

const HEAD = ["section", "block", "row", "column", "unit", "value", "text", "question"] as const;

/** What a spreadsheet would run as a formula is kept a text. */
function field(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) && !/^-?\d+(\.\d+)?$/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Every figure of the report and every word of its lists, a line each, in UTF-8 with its mark, so that spreadsheets read Chinese (RFC 4180). */
export function renderCsv(document: ReportDocument): Uint8Array {
  const lines: Line[] = [HEAD];
  // What a reader must know before any figure stands before any figure.
  for (const notice of document.notices) lines.push(["", "notices", "", "", "", null, notice, ""]);
  for (const { label, text } of document.facts) lines.push(["", "facts", label, "", "", null, text, ""]);
  for (const it of document.headlines) {
    lines.push(["", "headlines", it.name, "", "", it.cell.value, it.cell.text, it.path]);
    for (const { label, cell } of it.changes)
      lines.push(["", "headlines", it.name, label, "", cell.value, cell.text, cell.path ?? ""]);
  }
  for (const { id, blocks } of document.sections)
    for (const block of blocks) for (const line of linesOf(block)) lines.push([id, ...line]);
  return Buffer.from(`\uFEFF${lines.map((line) => line.map(field).join(",")).join("\r\n")}\r\n`);
}

function linesOf(block: ReportBlock): Line[] {
  switch (block.kind) {
    case "table":
      return block.rows.flatMap((row, r) => {
        const name =
          row.cells
            .filter(({ value }) => value === null)
            .map(({ text }) => text)
            .find((text) => text !== "") ?? "";
        return row.cells.flatMap((cell, c) => {
          const column = block.columns[c];
          // A list that goes on beyond its page stands here whole, its words too.
          if (cell.value === null && (block.page_rows === undefined || ["", NO_FIGURE, name].includes(cell.text)))
            return [];
          return [
            [
              block.id,
              name,
              column?.title ?? "",
              column?.unit ?? "",
              cell.value,
              cell.text,
              pathOfCell(block, r, c) ?? "",
            ],
          ];
        });
      });
    case "chart":
      return block.series.flatMap(({ name, path, values }) =>
        values.flatMap((value, at) =>
          value === null ? [] : [[block.id, block.categories[at] ?? "", name, block.unit, value, "", path]],
        ),
      );
    case "tiles":
      return block.tiles
        .filter(({ cell }) => cell.value !== null)
        .map(({ label, cell }) => [block.id, label, "", "", cell.value, cell.text, block.path]);
    case "text":
      return [];
  }
}
