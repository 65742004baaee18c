/**
 * What a person's statement may be, judged on the engine's own syntax tree (EXPLAIN AST).
 *
 * readonly=1 is the first fence: it refuses INSERT, DDL, SET and most table functions. It does not refuse
 * everything that reaches outside the tables: `INTO OUTFILE`, the function file(), DESCRIBE of a table
 * function, KILL QUERY and USE pass it (tried on 26.7). This second fence does.
 *
 * Tables of `system` stay open: the key to this endpoint is the administrator's, who needs sizes of
 * parts and columns, and they show no more than the files of the data folder do.
 */

/** Table functions that make rows out of nothing. */
const TABLE_FUNCTIONS: ReadonlySet<string> = new Set([
  "numbers",
  "numbers_mt",
  "zeros",
  "zeros_mt",
  "generateseries",
  "generate_series",
  "values",
  "view",
]);

/** Functions that read files, call other machines or tell secrets, wherever they stand. */
const FUNCTIONS_REFUSED: ReadonlySet<string> = new Set([
  "file",
  "catboostevaluate",
  "evalmlmethod",
  "hascolumnintable",
  "reversednsquery",
  "showcertificate",
  "icebergtruncate",
  "aiclassify",
  "aiembed",
  "aiextract",
  "aigenerate",
  "aitranslate",
  "getclienthttpheader",
]);

/** First lines of the trees of statements that only read; one child: no FORMAT, SETTINGS or INTO OUTFILE. */
const STATEMENTS =
  /^(?:SelectWithUnionQuery|DescribeQuery|Explain EXPLAIN(?: (?:AST|SYNTAX|QUERY TREE|PIPELINE|ESTIMATE))?) \(children 1\)$/;
const LISTINGS =
  /^(?:Show(?:Tables|Columns|Functions)(?: \(children 1\))?|(?:ShowCreate(?:Table|View|Database)|Exists(?:Table|View|Database))Query .*)$/;

/** What a listing has below it where it is written into a file. */
const LISTING_OUTFILE = /^ Literal\b/;

/** A statement as the engine writes it anew, and the FORMAT it ends with. */
const FORMAT_CLAUSE = /^([\s\S]*) FORMAT (\w+)$/;

/** Takes the FORMAT clause off a statement that formatQuerySingleLine() wrote; null where it has none. */
export function formatTakenApart(normal: string): { statement: string; format: string | null } {
  const [, statement, format] = FORMAT_CLAUSE.exec(normal) ?? [];
  return statement && format ? { statement, format } : { statement: normal, format: null };
}

const NODE = /^( *)(\S+)(?: (\S+))?/;

/**
 * Why a statement is refused, as one sentence, or null where it may run. `tree` is what EXPLAIN AST
 * prints, a node a line, children indented by one space more.
 */
export function refusal(tree: readonly string[]): string | null {
  const root = tree[0] ?? "";
  if (/^(?:SelectWithUnionQuery|Explain .*|DescribeQuery) \(children [2-9]\)$/.test(root)) {
    return "FORMAT, SETTINGS and INTO OUTFILE are not allowed.";
  }
  if (!STATEMENTS.test(root) && !LISTINGS.test(root)) {
    return "Only SELECT, DESCRIBE, EXISTS, SHOW DATABASES, TABLES, COLUMNS, FUNCTIONS, CREATE and EXPLAIN are allowed.";
  }
  if (LISTINGS.test(root) && tree.some((line) => LISTING_OUTFILE.test(line))) {
    return "FORMAT, SETTINGS and INTO OUTFILE are not allowed.";
  }
  let parent = "";
  for (const line of tree) {
    const [, , kind = "", name = ""] = NODE.exec(line) ?? [];
    if (kind === "SelectWithUnionQuery" && !line.endsWith("(children 1)")) {
      return "FORMAT, SETTINGS and INTO OUTFILE are not allowed.";
    }
    if (kind === "Set") return "SETTINGS are not allowed.";
    if (kind === "Function") {
      if (FUNCTIONS_REFUSED.has(name.toLowerCase())) return `The function ${name} is not allowed.`;
      if (parent === "TableExpression" && !TABLE_FUNCTIONS.has(name.toLowerCase())) {
        return `The table function ${name} is not allowed.`;
      }
    }
    parent = kind;
  }
  return null;
}
