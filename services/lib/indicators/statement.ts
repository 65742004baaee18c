import {
  type CountsAs,
  type Indicator,
  type IndicatorGrouping,
  type IndicatorKind,
  TECHNOLOGIES,
} from "@v6meter/schemas";
import { sqlFile } from "@v6meter/sql";
import { isMonthBegin } from "./month.ts";
import { MAX_ROWS, type Question } from "./question.ts";
import { rollupOf } from "./rollup.ts";

/** A statement and the values of its parameters. */
export interface Bound {
  readonly sql: string;
  readonly params: Readonly<Record<string, unknown>>;
}

function technologies(countsAs: CountsAs | "auto"): string[] {
  return Object.entries(TECHNOLOGIES)
    .filter(([, technology]) => technology.counts_as === countsAs)
    .map(([name]) => name);
}

/** The rule of vocabulary.ts as parameters: it is written there and nowhere else. */
export const CLASS_PARAMETERS = {
  v4_technologies: technologies("v4"),
  v6_transition_technologies: technologies("v6_transition"),
  native_technologies: technologies("auto"),
};

/** The SELECT an indicator's rows come from. */
export function sourceOf({ id, grain, sql }: Indicator): string {
  if (sql !== undefined) return sql;
  if (grain !== undefined) return sqlFile(`indicators/${grain}.sql`);
  throw new RangeError(`${id} comes from a reported series`);
}

const keyOf = (name: IndicatorGrouping) => `key_${name}`;

/** An IPv4 exporter is written as people write it. */
const written = (name: IndicatorGrouping, column: string) =>
  name === "exporter" ? `replaceOne(toString(${column}), '::ffff:', '')` : column;

/** The SELECT of the columns an indicator uses, one row a row of its source; exporters as the source gives them. */
export function measured(indicator: Indicator): string {
  const { by, kind, numerator, denominator, value, covered, coverable } = indicator;
  const figure =
    kind === "ratio" ? [`(${numerator}) AS figure`, `(${denominator}) AS divisor`] : [`(${value}) AS figure`];
  if (covered !== undefined) figure.push(`(${covered}) AS covered`, `(${coverable}) AS coverable`);
  const keys = by.map((name) => `${name === "exporter" ? "s.exporter" : `toString(s.${name})`} AS ${keyOf(name)}`);
  const columns = ["s.bucket_at AS bucket_at", ...keys, ...figure];
  return `SELECT\n  ${columns.join(",\n  ")}\nFROM\n(\n${sourceOf(indicator)}\n) AS s`;
}

/** Begin of the interval a bucket lies in, in seconds; 0 without one. */
export const BUCKET = `multiIf(
      {interval:String} = '1h', toUnixTimestamp(toStartOfHour(toDateTime(bucket_at, 'Asia/Shanghai'))),
      {interval:String} = '1d', toUnixTimestamp(toStartOfDay(toDateTime(bucket_at, 'Asia/Shanghai'))),
      {interval:String} = '1mo', toUnixTimestamp(toDateTime(toStartOfMonth(toDateTime(bucket_at, 'Asia/Shanghai')), 'Asia/Shanghai')),
      0)`;

/** Types of the columns of `measured`, by name. */
export type Types = Readonly<Record<string, string>>;

const INTEGER = /^U?Int\d+$/;

/** Sums of integers are exact and cannot overflow; others are 64-bit floats. */
function widened(column: string, type: string | undefined): string {
  return INTEGER.test(type ?? "") ? `toInt256(${column})` : `toFloat64(${column})`;
}

/** A function of states, such as `uniqCombined64` and `(17)`. */
export interface StateFunction {
  readonly name: string;
  readonly parameters: string;
}

/** The function whose states of unique values a column holds; null where it holds none. */
export function stateFunction(type: string | undefined): StateFunction | null {
  const [, name, parameters = ""] = /^AggregateFunction\((uniq\w*)(\([\d, ]+\))?, /.exec(type ?? "") ?? [];
  return name === undefined ? null : { name, parameters };
}

/** Merges states of a type: into a state again, or into the number of unique values. */
function merged(type: string | undefined, into: "State" | "Number") {
  const { name, parameters } = stateFunction(type) ?? { name: "none", parameters: "" };
  return (column: string) => `${name}Merge${into === "State" ? "State" : ""}${parameters}(${column})`;
}

/** How the rows of one group become its figure: a first step over finer groups, and one over what that gives. */
interface Shape {
  /** What the first step groups by beside the groups of the answer. */
  readonly finer: "nothing" | "bucket" | "series";
  readonly first: (column: string) => string;
  readonly last: (column: string) => string;
}

const sum = (column: string) => `sum(${column})`;

const SHAPES: Record<Exclude<IndicatorKind, "distinct">, Shape> = {
  ratio: { finer: "nothing", first: sum, last: sum },
  sum: { finer: "nothing", first: sum, last: sum },
  last: { finer: "series", first: (column) => `argMax(${column}, bucket_at)`, last: sum },
  peak: { finer: "bucket", first: sum, last: (column) => `max(${column})` },
  p95: { finer: "bucket", first: sum, last: (column) => `quantileExactHigh(0.95)(${column})` },
};

function shapeOf(kind: IndicatorKind, types: Types): Shape {
  if (kind !== "distinct") return SHAPES[kind];
  return { finer: "nothing", first: merged(types.figure, "State"), last: merged(types.figure, "Number") };
}

/** The groupings that restrict an indicator's rows: its own and those of the question. */
function restrictions({ where }: Indicator, { filters }: Question) {
  const list = (prefix: string, words: Question["filters"]) =>
    (Object.entries(words) as [IndicatorGrouping, readonly string[]][])
      .filter(([, allowed]) => allowed.length > 0)
      .map(([name, allowed]) => ({ parameter: `${prefix}_${name}`, name, allowed }));
  return [...list("own", where), ...list("asked", filters)];
}

const BOOKS = `SELECT ${written("exporter", "c.exporter")} AS exporter_text, c.completeness AS completeness
FROM
(
${sqlFile("indicators/completeness.sql")}
) AS c`;

/** Sums of fractions can come out a last digit above their bound. */
const WEIGHED = "if(any(weighed) > any(weighable), 1, any(weighed) / nullIf(any(weighable), 0))";

const lines = (...columns: (string | false)[]) => columns.filter((it) => it !== false).join(",\n  ");

/** One row a group, and with is_total = 1 one of all groups; both told apart by what is finer as well. */
function withTotals(group: readonly string[], finer: readonly string[], columns: (string | false)[], from: string) {
  const fine = [...new Set([...group, ...finer])];
  return `SELECT
  ${lines("toUInt8(grouping(at_s)) AS is_total", ...fine, ...columns)}
FROM ${from}
GROUP BY GROUPING SETS ((${fine.join(", ")}), (${finer.join(", ")}))`;
}

/**
 * The statement that answers a question: rows with is_total = 0 and one with is_total = 1 over the same source,
 * so that a total is a sum over a sum (or a state of all), never made of the rows' figures.
 */
export function statement(indicator: Indicator, question: Question, types: Types): Bound {
  const { kind, by: allowed } = indicator;
  const covered = indicator.covered !== undefined;
  const shape = shapeOf(kind, types);
  const ratio = kind === "ratio";
  const byBucket = shape.finer === "bucket";
  // Where exporters are behind the figure, their completeness is weighed by what each gave to it.
  const exported = allowed.includes("exporter") && (byBucket || ratio || kind === "sum");
  const restricting = restrictions(indicator, question);

  const keys = question.by.map(keyOf);
  const group = ["at_s", ...keys];
  const finer = { nothing: [], bucket: ["bucket_at"], series: allowed.map(keyOf) }[shape.finer];
  const wide = (column: string) => (kind === "distinct" ? column : widened(column, types[column]));

  const read = `SELECT
  ${lines(
    `${BUCKET} AS at_s`,
    "bucket_at",
    ...allowed.map((name) => `measured.${keyOf(name)} AS ${keyOf(name)}`),
    `${wide("figure")} AS figure_wide`,
    ratio && `${wide("divisor")} AS divisor_wide`,
    exported && `toFloat64(${ratio ? "divisor" : "figure"}) AS weight`,
    covered && "covered",
    covered && "coverable",
  )}
FROM measured
WHERE ${["1", ...restricting.map(({ parameter, name }) => `${written(name, `measured.${keyOf(name)}`)} IN {${parameter}:Array(String)}`)].join("\n  AND ")}`;

  // Books are joined to sums, and totals made of sums: the rows of a source are many and looked at once.
  const summed = (by: string, ...sums: (string | false)[]) => {
    const columns = [...new Set([...group, by])];
    return `SELECT\n  ${lines(...columns, ...sums)}\nFROM read\nGROUP BY ${columns.join(", ")}`;
  };
  const figures = [
    `${shape.first("figure_wide")} AS figure_first`,
    ratio && "sum(divisor_wide) AS divisor_first",
    covered && `${merged(types.covered, "State")("covered")} AS covered_first`,
    covered && `${merged(types.coverable, "State")("coverable")} AS coverable_first`,
  ];
  const figureSums = ["sum(read.figure_wide) AS figure_wide", ratio && "sum(read.divisor_wide) AS divisor_wide"];
  const weightSum = "sum(read.weight) AS weight";
  const weights = ["sum(weight * completeness) AS weighed", "sumIf(weight, completeness IS NOT NULL) AS weighable"];
  const withBooks = `summed LEFT JOIN books ON books.exporter_text = ${written("exporter", "summed.key_exporter")}`;

  const steps: [name: string, select: string][] = [
    ["measured", measured(indicator)],
    ["read", read],
  ];
  if (exported) steps.push(["books", BOOKS]);
  if (exported && byBucket)
    // Weights need no buckets, figures no exporters: both together would be sums by the product of the two.
    steps.push(
      ["summed", summed("key_exporter", weightSum)],
      ["weighed_groups", withTotals(group, [], weights, withBooks)],
      ["rates", summed("bucket_at", ...figureSums)],
      ["grouped", withTotals(group, finer, figures, "rates")],
    );
  else if (exported)
    steps.push(
      ["summed", summed("key_exporter", ...figureSums, weightSum)],
      ["grouped", withTotals(group, finer, [...figures, ...weights], withBooks)],
    );
  else steps.push(["grouped", withTotals(group, finer, figures, "read")]);

  const figure = shape.last("figure_first");
  const part = `toFloat64(${merged(types.covered, "Number")("covered_first")})`;
  const whole = `toFloat64(${merged(types.coverable, "Number")("coverable_first")})`;
  // Two estimates: the part can come out above the whole.
  const coverage = `if(${part} > ${whole}, 1, ${part} / nullIf(${whole}, 0))`;
  const answer = `SELECT
  ${lines(
    "is_total",
    "at_s",
    ...question.by.map((name) => `if(is_total = 1, '', ${written(name, keyOf(name))}) AS ${name}`),
    `toString(${figure}) AS numerator`,
    `${ratio ? "toString(sum(divisor_first))" : "CAST(NULL, 'Nullable(String)')"} AS denominator`,
    `${ratio ? `toFloat64(${figure}) / nullIf(toFloat64(sum(divisor_first)), 0)` : `toFloat64(${figure})`} AS value`,
    `${exported ? WEIGHED : covered ? coverage : "CAST(NULL, 'Nullable(Float64)')"} AS completeness`,
  )}
FROM grouped${exported && byBucket ? `\nLEFT JOIN weighed_groups USING (${["is_total", ...group].join(", ")})` : ""}
GROUP BY ${["is_total", "at_s", ...question.by].join(", ")}
ORDER BY ${["is_total DESC", "at_s", ...question.by].join(", ")}
LIMIT ${MAX_ROWS + 2}`;

  const sql = `WITH\n${steps.map(([name, select]) => `${name} AS\n(\n${select}\n)`).join(",\n")}\n${answer}`;
  const perType = [...question.by, ...restricting.map(({ name }) => name)].includes("observation_point");
  return {
    sql,
    params: usedBy(sql, {
      ...sourceParameters(question),
      ...(shape.finer === "bucket" && { table: "flows_5m" }),
      counted_least: perType ? 1 : 2,
      interval: question.interval ?? "",
      ...Object.fromEntries(restricting.map(({ parameter, allowed }) => [parameter, allowed])),
    }),
  };
}

/** What every source may use. */
function sourceParameters({ period, interval }: Question): Record<string, unknown> {
  const wholeMonths = interval !== "1d" && isMonthBegin(period.fromMs) && isMonthBegin(period.toMs);
  return {
    ...CLASS_PARAMETERS,
    from_s: period.fromMs / 1_000,
    to_s: period.toMs / 1_000,
    table: rollupOf(period, interval),
    active_table: wholeMonths ? "users_1mo" : "users_1d",
    assigned_table: wholeMonths ? "assigned_1mo" : "assigned_1d",
    counted_least: 2,
  };
}

/** The parameters that a statement names; the engine refuses none, but a source may name any of them. */
function usedBy(sql: string, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const used = new Set([...sql.matchAll(/\{\s*(\w+)\s*:/g)].map(([, name]) => name as string));
  return Object.fromEntries(Object.entries(values).filter(([name]) => used.has(name)));
}

/** DESCRIBE of an indicator's columns: names and types as the engine knows them. */
export function describeStatement(indicator: Indicator): Bound {
  const sql = `DESCRIBE (\n${measured(indicator)}\n)`;
  const anyQuestion: Question = { period: { fromMs: 0, toMs: 86_400_000 }, by: [], interval: null, filters: {} };
  return { sql, params: usedBy(sql, sourceParameters(anyQuestion)) };
}
