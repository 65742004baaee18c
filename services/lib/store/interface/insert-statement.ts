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

/** Bytes at the beginning of a body in which an INSERT is looked for. */
const HEAD_BYTES = 65_536;
const LINE_OF_FORMAT = /\bFORMAT\s+\w+[ \t\r]*\n/gi;

/** A body that begins with its INSERT: the statement, and the rows behind the line it ends with. */
export interface SplitBody {
  readonly insert: BodyInsert | null;
  /** The rows, or the whole body where it begins with no INSERT … FORMAT. */
  readonly rest: AsyncGenerator<Uint8Array>;
}

/** Takes the INSERT … FORMAT off a body's beginning; the rows behind it may be bytes that are no text. */
export async function splitBody(body: AsyncGenerator<Uint8Array>): Promise<SplitBody> {
  const read: Uint8Array[] = [];
  let size = 0;
  while (size < HEAD_BYTES) {
    const { value, done } = await body.next();
    if (done) break;
    read.push(value);
    size += value.length;
  }
  const head = Buffer.concat(read);
  // One character a byte, so that a place in the text is a place in the bytes.
  const text = head.subarray(0, HEAD_BYTES).toString("latin1");
  for (const { index, 0: line } of text.matchAll(LINE_OF_FORMAT)) {
    const end = index + line.length;
    const insert = bodyInsertOf(head.toString("utf8", 0, end));
    if (insert) return { insert, rest: chain(head.subarray(end), body) };
  }
  return { insert: null, rest: chain(head, body) };
}

async function* chain(head: Uint8Array, body: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  yield* body;
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
