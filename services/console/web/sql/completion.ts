import type { CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { SQLDialect, type SQLNamespace } from "@codemirror/lang-sql";
import type { api } from "@v6meter/schemas";

/** Functions that questions about flows need most, with what they take. */
const FUNCTIONS: readonly (readonly [name: string, takes: string])[] = [
  ["count", "()"],
  ["countIf", "(condition)"],
  ["sum", "(x)"],
  ["sumIf", "(x, condition)"],
  ["avg", "(x)"],
  ["avgIf", "(x, condition)"],
  ["min", "(x)"],
  ["max", "(x)"],
  ["argMax", "(x, by)"],
  ["uniq", "(x)"],
  ["uniqExact", "(x)"],
  ["quantile", "(0.95)(x)"],
  ["quantiles", "(0.5, 0.95)(x)"],
  ["round", "(x, digits)"],
  ["nullIf", "(x, 0)"],
  ["if", "(condition, then, else)"],
  ["multiIf", "(condition, then, …, else)"],
  ["toDate", "(t, 'Asia/Shanghai')"],
  ["toStartOfMonth", "(t, 'Asia/Shanghai')"],
  ["toStartOfWeek", "(t, 1)"],
  ["toStartOfHour", "(t)"],
  ["toStartOfInterval", "(t, INTERVAL 5 MINUTE)"],
  ["toHour", "(t, 'Asia/Shanghai')"],
  ["now", "()"],
  ["formatReadableSize", "(bytes)"],
  ["IPv6NumToString", "(address)"],
  ["lagInFrame", "(x) OVER (…)"],
];

/** ClickHouse's words, as far as statements that only read have them. */
export const CLICKHOUSE: SQLDialect = SQLDialect.define({
  keywords:
    "select distinct from where prewhere group by order having limit offset with as on using join inner left right full cross any all asof semi anti global array union intersect except in not and or is null like ilike between case when then else end asc desc nulls first last over partition window rows range unbounded preceding following current interval final sample totals rollup cube grouping sets qualify fill describe show explain exists true false",
  types:
    "UInt8 UInt16 UInt32 UInt64 UInt128 UInt256 Int8 Int16 Int32 Int64 Float32 Float64 Decimal String FixedString Date DateTime DateTime64 IPv4 IPv6 Array Tuple Map Nullable LowCardinality Bool Enum8 Enum16",
  builtin: FUNCTIONS.map(([name]) => name).join(" "),
  identifierQuotes: '`"',
  doubleQuotedStrings: false,
  caseInsensitiveIdentifiers: false,
});

type View = api.SqlCatalogue["views"][number];

const columnOption = ({ name, type, doc }: View["columns"][number], of: string) => ({
  label: name,
  type: "property",
  detail: `${type} · ${of}`,
  ...(doc !== "" && { info: doc }),
  boost: 1,
});

/** What stands where in the catalogue, for names behind a point: `analyst.flows`, an alias' columns. */
export function namespaceOf({ database, views }: Pick<api.SqlCatalogue, "database" | "views">): SQLNamespace {
  const tables = Object.fromEntries(
    views.map((view) => [view.name, view.columns.map((column) => columnOption(column, view.name))]),
  );
  return { [database]: tables };
}

/** Columns of the views that a statement names (of all views before it names one), and functions. */
export function columnsAndFunctions(views: readonly View[]) {
  return (context: CompletionContext): CompletionResult | null => {
    const word = context.matchBefore(/\w+/);
    if (!word && !context.explicit) return null;
    const from = word?.from ?? context.pos;
    // Behind a point the catalogue itself knows better.
    if (context.state.sliceDoc(from - 1, from) === ".") return null;
    const text = context.state.doc.toString();
    const named = views.filter(({ name }) => new RegExp(`(?<!\\w)${name}(?!\\w)`).test(text));
    const seen = new Set<string>();
    const columns = (named.length > 0 ? named : views).flatMap((view) =>
      view.columns.flatMap((column) => {
        if (seen.has(column.name)) return [];
        seen.add(column.name);
        return [columnOption(column, view.name)];
      }),
    );
    const functions = FUNCTIONS.map(([name, takes]) => ({
      label: name,
      type: "function",
      detail: takes,
      apply: `${name}(`,
    }));
    return { from, options: [...columns, ...functions], validFor: /^\w*$/ };
  };
}
