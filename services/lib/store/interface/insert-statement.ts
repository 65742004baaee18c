/** An INSERT whose rows come in the body of its request. */
export interface BodyInsert {
  readonly table: string;
  /** As written, in brackets; empty where all columns come. */
  readonly columns: string;
  /** SETTINGS … of the statement, or empty. */
  readonly settings: string;
  readonly format: string;
}

const IDENTIFIER = '(?:`(?:[^`\\\\]|\\\\.|``)+`|"(?:[^"\\\\]|\\\\.|"")+"|[A-Za-z_]\\w*)';
const INSERT = new RegExp(
  `^\\s*INSERT\\s+INTO\\s+(?:TABLE\\s+)?(${IDENTIFIER}(?:\\s*\\.\\s*${IDENTIFIER})?)\\s*` +
    "(\\([^()]*(?:\\([^()]*\\)[^()]*)*\\))?\\s*(SETTINGS\\s+[\\s\\S]+?)?\\s*FORMAT\\s+(\\w+)\\s*;?\\s*$",
  "i",
);

/** Takes an INSERT … FORMAT apart; null for everything else. */
export function bodyInsertOf(query: string): BodyInsert | null {
  const [, table, columns = "", settings = "", format] = INSERT.exec(query) ?? [];
  return table && format ? { table, columns, settings, format } : null;
}

/** Names of the listed columns; null where none are listed, or by an expression such as * EXCEPT. */
export function listedColumns({ columns }: BodyInsert): string[] | null {
  const listed = columns.slice(1, -1);
  if (listed.trim() === "" || /[*()]/.test(listed)) return null;
  return listed.split(",").map((it) => {
    const name = it.trim();
    return /^[`"]/.test(name) ? name.slice(1, -1) : name;
  });
}

/** What is selected from the body: the listed columns by name, or all of them. */
export function selectedColumns(insert: BodyInsert): string {
  return listedColumns(insert) ? insert.columns.slice(1, -1) : "*";
}
