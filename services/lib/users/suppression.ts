/** A cell of a table of users. */
export interface TableCell {
  /** Its place, one word a dimension, as many in every cell. */
  readonly key: readonly string[];
  readonly users: number;
  /** One of its figures is of too few users. */
  readonly small: boolean;
}

/** Places of a table's cells as one text. */
export const keyText = (key: readonly string[]) => key.join("\n");

/** Whether so few are not published. Nobody is nobody's secret. */
export function isSmall(users: number, least: number): boolean {
  const told = Math.round(users);
  return told > 0 && told < least;
}

/**
 * The cells of a table that are not published, by keyText: the small ones; and beside each that is the only
 * one so in its line, along any dimension, the smallest other one, as the line's total less the published
 * cells would tell it.
 */
export function suppressedCells(cells: readonly TableCell[]): Set<string> {
  const suppressed = new Set(cells.filter(({ small }) => small).map(({ key }) => keyText(key)));
  const dimensions = cells[0]?.key.map((_, dimension) => dimension) ?? [];
  const lines = dimensions.flatMap((dimension) => [
    ...Map.groupBy(cells, ({ key }) => keyText(key.toSpliced(dimension, 1))).values(),
  ]);
  for (let more = true; more; ) {
    more = false;
    for (const line of lines) {
      const published = line.filter(({ key }) => !suppressed.has(keyText(key)));
      if (line.length - published.length !== 1 || published.length === 0) continue;
      const companion = published.reduce((smallest, cell) => (cell.users < smallest.users ? cell : smallest));
      suppressed.add(keyText(companion.key));
      more = true;
    }
  }
  return suppressed;
}
