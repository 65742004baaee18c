import type { ReportBlock, ReportCell, ReportDocument } from "@v6meter/schemas";

/** A figure of a report: where it stands, what it is called, and its cell. */
export interface Figure {
  readonly place: string;
  readonly section: string;
  readonly row: string;
  readonly column: string;
  readonly unit: string;
  readonly cell: ReportCell;
}

/** A figure as two reports have it; null where one has none. */
export interface ComparedFigure extends Omit<Figure, "cell"> {
  readonly first: ReportCell | null;
  readonly second: ReportCell | null;
  /** second − first; null where there is nothing to take apart. */
  readonly difference: number | null;
}

function ofBlock(block: ReportBlock, section: string): Figure[] {
  if (block.kind === "tiles") {
    return block.tiles.map(({ label, cell }) => ({
      place: `${block.id} ${label}`,
      section,
      row: label,
      column: block.title,
      unit: "ratio",
      cell,
    }));
  }
  if (block.kind !== "table") return [];
  return block.rows.flatMap(({ cells }) => {
    const words = cells.filter(({ value }) => value === null).map(({ text }) => text);
    const row = words[0] ?? "";
    return cells.flatMap((cell, i) =>
      cell.value === null
        ? []
        : [
            {
              // By the column's place: its title can name the month.
              place: `${block.id} ${words.join(" ")} ${i}`,
              section: `${section} · ${block.title}`,
              row,
              column: block.columns[i]?.title ?? "",
              unit: block.columns[i]?.unit ?? "none",
              cell,
            },
          ],
    );
  });
}

/** Every figure of a report's first page, tables and maps. */
export function figuresOf(document: ReportDocument, firstPage: string): Figure[] {
  const headlines = document.headlines.map(({ id, name, cell }) => ({
    place: `headline ${id}`,
    section: firstPage,
    row: name,
    column: "",
    unit: cell.text.endsWith("%") ? "ratio" : "none",
    cell,
  }));
  const inSections = document.sections.flatMap(({ number, title, blocks }) =>
    blocks.flatMap((block) => ofBlock(block, `${number}${title}`)),
  );
  return [...headlines, ...inSections];
}

const numberOf = (cell: ReportCell | null) => (cell?.value === null || cell === null ? null : Number(cell.value));

/** The figures of two reports by their places, those of the first in its order, then what only the second has. */
export function compareFigures(first: readonly Figure[], second: readonly Figure[]): ComparedFigure[] {
  const [a, b] = [first, second].map((all) => new Map(all.map((it) => [it.place, it])));
  return [...new Set([...(a?.keys() ?? []), ...(b?.keys() ?? [])])].map((place) => {
    const [one, other] = [a?.get(place), b?.get(place)];
    const { section, row, column, unit } = (one ?? other) as Figure;
    const [from, to] = [numberOf(one?.cell ?? null), numberOf(other?.cell ?? null)];
    const difference = from === null || to === null || Number.isNaN(from) || Number.isNaN(to) ? null : to - from;
    return { place, section, row, column, unit, first: one?.cell ?? null, second: other?.cell ?? null, difference };
  });
}

/** Whether a figure is another one in the second report. */
export const differs = ({ first, second }: ComparedFigure) =>
  first === null || second === null || first.value !== second.value;
