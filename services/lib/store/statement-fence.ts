/**
 * What a person's statement may be, judged on the engine's own syntax tree (EXPLAIN AST).
 *
 * readonly=1 is the first fence: it refuses INSERT, DDL, SET and most table functions. It does not refuse
 * everything that reaches outside the tables: `INTO OUTFILE`, the function file(), DESCRIBE of a table
 * function, KILL QUERY and USE pass it (tried on 26.7). This second fence does.
 *
 * Tables of `system` stay open to an administrator, who needs sizes of parts and columns: they show no more
 * than the files of the data folder do. An analyst's statement passes a third fence, `analystRefusal`.
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

/**
 * Nodes whose whole content the tree prints, so that it can be judged. Others may hide some: of APPLY it prints
 * neither the function nor the expression, by which a statement read any file and table (tried on 26.7).
 */
const NODES: ReadonlySet<string> = new Set([
  ...["SelectWithUnionQuery", "SelectIntersectExceptQuery", "SelectQuery", "DescribeQuery", "Explain", "Subquery"],
  ...["ExpressionList", "Function", "Identifier", "Literal", "WithElement", "SampleRatio"],
  ...["TablesInSelectQuery", "TablesInSelectQueryElement", "TableExpression", "TableIdentifier", "TableJoin"],
  ...["ArrayJoin", "OrderByElement", "InterpolateElement", "WindowDefinition", "WindowListElement"],
  ...["Asterisk", "QualifiedAsterisk", "ColumnsListMatcher", "QualifiedColumnsListMatcher", "ColumnsRegexpMatcher"],
  ...["QualifiedColumnsRegexpMatcher", "ColumnsTransformerList", "ColumnsExceptTransformer"],
  ...["ColumnsReplaceTransformer", "ColumnsReplaceTransformer::Replacement"],
]);

/** What people call a node that is refused. */
const NODE_NAMES: Readonly<Record<string, string>> = { ColumnsApplyTransformer: "APPLY" };

/** What a listing has below it where it is written into a file. */
const LISTING_OUTFILE = /^ Literal\b/;

/** A statement as the engine writes it anew, and the FORMAT it ends with. */
const FORMAT_CLAUSE = /^([\s\S]*) FORMAT (\w+)$/;

/** Takes the FORMAT clause off a statement that formatQuerySingleLine() wrote; null where it has none. */
export function formatTakenApart(normal: string): { statement: string; format: string | null } {
  const [, statement, format] = FORMAT_CLAUSE.exec(normal) ?? [];
  return statement && format ? { statement, format } : { statement: normal, format: null };
}

/** What an analyst's clients need of the engine's own tables: settings at their first connection, rows of numbers. */
const ANALYST_SYSTEM_TABLES: ReadonlySet<string> = new Set([
  "system.one",
  "system.numbers",
  "system.numbers_mt",
  "system.settings",
]);

/** Functions that look beyond the views: dictionaries, tables of joins, the server itself and its log. */
const ANALYST_FUNCTIONS_REFUSED =
  /^(?:dict\w*|joinget\w*|filesystem\w*|zookeeper\w*|mergetreepart\w*|naivebayes\w*|getmacro|getserver\w+|getmergetreesetting|getmaxtablename\w*|getoskernelversion|logtrace|serveruuid|displayname|hostname|fullhostname|fqdn|tcpport|authenticateduser|enabledroles|enabledprofiles|defaultroles|defaultprofiles|currentroles|currentprofiles|__\w+)$/;

/** Listings of an analyst, as formatQuerySingleLine() writes them; `analyst` is the name of the database. */
const ANALYST_LISTING =
  /^SHOW (?:FULL )?(?:TABLES|COLUMNS FROM (?!system\b)\w+)(?: FROM (\w+))?(?: (?:NOT )?I?LIKE '(?:[^'\\]|\\.)*')?$/;

/** A text, and a name with what follows its point, as formatQuerySingleLine() writes them. */
const TEXT = /'(?:[^'\\]|\\.)*'/g;
const QUALIFIED = /(?<![\w.`])`?(\w+)`?\.`?\w+`?/g;

/** What surrounds the views on an engine, and what an analyst's statement must not name. */
export interface Surroundings {
  /** The analysts' database. */
  readonly analyst: string;
  /** All databases of the engine. */
  readonly databases: ReadonlySet<string>;
  /** Functions that somebody added to the engine's own, in lower case. */
  readonly ownFunctions: ReadonlySet<string>;
}

/**
 * Why a statement that `refusal` lets pass is not an analyst's, or null. Every name in the tree is looked at, wherever
 * it stands: a table is named after FROM, but after IN as well, and as a part of a column's name.
 */
export function analystRefusal(
  tree: readonly string[],
  normal: string,
  { analyst, databases, ownFunctions }: Surroundings,
): string | null {
  const root = tree[0] ?? "";
  const only = `allowed are the views of ${analyst}`;
  if (LISTINGS.test(root)) {
    const [listing, database = analyst] = ANALYST_LISTING.exec(normal) ?? [];
    return listing && database === analyst ? null : `${normal.slice(0, 60)}: ${only}, which SHOW TABLES lists.`;
  }
  for (const line of tree) {
    const [, kind = "", name = ""] = /^ *(\S+)(?: (\S+))?/.exec(line) ?? [];
    const lower = name.toLowerCase();
    const isFunctions = ANALYST_FUNCTIONS_REFUSED.test(lower) || ownFunctions.has(lower);
    if (kind === "Function" && isFunctions) return `The function ${name} is not allowed.`;
    if (kind === "Identifier" && isFunctions) return `The name ${name} is not allowed: it is a function's.`;
    if (kind !== "TableIdentifier" && kind !== "Identifier") continue;
    const database = name.slice(0, Math.max(0, name.indexOf(".")));
    if (database === "" || database === analyst || ANALYST_SYSTEM_TABLES.has(name)) continue;
    // Of a column, what is before the point is an alias or a column, unless it is a database.
    if (kind === "TableIdentifier" || databases.has(database)) return `${name}: ${only}.`;
  }
  // Once more in the text itself, in case there is a place that the tree does not print.
  for (const [name, database = ""] of normal.replaceAll(TEXT, "''").matchAll(QUALIFIED)) {
    const isNeeded = ANALYST_SYSTEM_TABLES.has(name.replaceAll("`", ""));
    if (database !== analyst && databases.has(database) && !isNeeded) return `${name}: ${only}.`;
  }
  return null;
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
  // What EXPLAIN AST explains is read and never run.
  const isRun = !LISTINGS.test(root) && !root.startsWith("Explain EXPLAIN AST ");
  let parent = "";
  for (const line of tree) {
    const [, , kind = "", name = ""] = NODE.exec(line) ?? [];
    if (kind === "SelectWithUnionQuery" && !line.endsWith("(children 1)")) {
      return "FORMAT, SETTINGS and INTO OUTFILE are not allowed.";
    }
    if (kind === "Set") return "SETTINGS are not allowed.";
    if (isRun && !NODES.has(kind)) return `${NODE_NAMES[kind] ?? kind} is not allowed.`;
    // A function's name stands as an identifier where it is handed to another one: arrayMap(file, …).
    if (kind === "Identifier" && FUNCTIONS_REFUSED.has(name.toLowerCase())) {
      return `The name ${name} is not allowed: it is a function's.`;
    }
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
