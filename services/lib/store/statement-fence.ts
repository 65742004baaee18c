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
const LISTINGS = /^(?:ShowTables|ShowColumns|ShowCreateTableQuery .*)$/;

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
    return "Only SELECT, DESCRIBE, SHOW TABLES, SHOW COLUMNS, SHOW CREATE TABLE and EXPLAIN are allowed.";
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
