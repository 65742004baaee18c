/**
 * A change of a view's query with what belongs around it, in order. A view whose query was changed gives its target other
 * tokens until it is loaded anew, and the rows of a cut that is repeated after that would be there twice (ClickHouse 26.7).
 * Renamed, and back, it gives the tokens it gave before the change, and goes on working meanwhile. The first statement
 * takes up where a crash left the view under its other name.
 */
export function changedView(change: string, view: string, named: (table: string) => string, onCluster = ""): string[] {
  const other = `${view}_renamed`;
  const rename = (from: string, to: string) => `RENAME TABLE IF EXISTS ${named(from)} TO ${named(to)}${onCluster}`;
  return [rename(other, view), change, rename(view, other), rename(other, view)];
}

/** The view whose query a migration changes; null where it does something else. */
export function viewChangedBy(sql: string): string | null {
  return /^ALTER TABLE (\w+) MODIFY QUERY$/m.exec(sql)?.[1] ?? null;
}
