import { Fault, INDICATOR_GROUPINGS, type Indicator, type IndicatorGrouping } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { z } from "zod";
import type { ReportedFigure } from "./catalogue.ts";
import { spansMonths } from "./month.ts";
import { type Answer, type Figure, MAX_ROWS, NO_FIGURE, type Question } from "./question.ts";
import { evaluateReported } from "./reported.ts";
import { type Bound, describeStatement, statement, type Types } from "./statement.ts";

const anyParameters = z.record(z.string(), z.unknown());

const answerRow = z.object({
  is_total: z.int(),
  at_s: z.int(),
  ...Object.fromEntries(INDICATOR_GROUPINGS.map((name) => [name, z.string().optional()])),
  numerator: z.string().nullable(),
  denominator: z.string().nullable(),
  value: z.number().nullable(),
  completeness: z.number().nullable(),
} as { [K in IndicatorGrouping]: z.ZodOptional<z.ZodString> } & {
  is_total: z.ZodInt;
  at_s: z.ZodInt;
  numerator: z.ZodNullable<z.ZodString>;
  denominator: z.ZodNullable<z.ZodString>;
  value: z.ZodNullable<z.ZodNumber>;
  completeness: z.ZodNullable<z.ZodNumber>;
});

const typeRow = z.object({ name: z.string(), type: z.string() });

/** Names and types of the columns an indicator's source gives; asked of the engine. */
export async function typesOf(store: Store, indicator: Indicator): Promise<Types> {
  const { sql, params } = describeStatement(indicator);
  const name = `columns of indicator ${indicator.id}`;
  const rows = await store.query({ name, sql, params: anyParameters, row: typeRow }, params);
  return Object.fromEntries(rows.map(({ name, type }) => [name, type]));
}

/** Has the engine plan the statement of a question without running it. */
export async function explain(store: Store, id: string, { sql, params }: Bound): Promise<void> {
  const name = `plan of indicator ${id}`;
  await store.query({ name, sql: `EXPLAIN ${sql}`, params: anyParameters, row: z.looseObject({}) }, params);
}

/** Refuses groupings and filters that the indicator does not allow. */
export function checkQuestion(
  { id, by: allowed, kind, series }: Indicator,
  { period, by, filters, interval }: Question,
): void {
  const list = allowed.join(", ") || "none";
  for (const name of [...by, ...Object.keys(filters)] as IndicatorGrouping[])
    if (!allowed.includes(name))
      throw new Fault("QUERY_INVALID", `${name}: ${id} cannot be grouped or filtered by it; allowed: ${list}.`);
  if (series !== undefined && interval !== null && interval !== "1mo")
    throw new Fault("QUERY_INVALID", `interval: ${id} is reported by month; allowed: 1mo.`);
  if (kind === "distinct" && interval === "1h")
    throw new Fault("QUERY_INVALID", `interval: ${id} is counted by day; allowed: 1d, 1mo.`);
  if (kind === "distinct" && interval === null && spansMonths(period))
    throw new Fault(
      "QUERY_INVALID",
      `${id}: subscribers are told apart within a month of Asia/Shanghai; allowed: a period within one, or interval.`,
    );
}

/** Refuses an answer of more than MAX_ROWS rows. */
export function checkRows(rows: number): void {
  if (rows > MAX_ROWS)
    throw new Fault(
      "QUERY_INVALID",
      `The answer has more than ${MAX_ROWS} rows; allowed is a shorter period, a longer interval or fewer groupings.`,
    );
}

/**
 * The figures of an indicator. `typesOf` must know its types, and `reported` the figures of its series, of files and accepted ones. Throws
 * QUERY_INVALID for what the indicator does not allow, and for more than MAX_ROWS rows.
 */
export async function evaluate(
  store: Store,
  indicator: Indicator,
  question: Question,
  known: { readonly types: () => Promise<Types>; readonly reported: () => Promise<readonly ReportedFigure[]> },
): Promise<Answer> {
  checkQuestion(indicator, question);
  if (indicator.series !== undefined) return evaluateReported(indicator, question, await known.reported());
  const { sql, params } = statement(indicator, question, await known.types());
  const name = `indicator ${indicator.id}`;
  const found = await store.query({ name, sql, params: anyParameters, row: answerRow }, params);
  const [total] = found.filter(({ is_total }) => is_total === 1);
  const rows = found.filter(({ is_total }) => is_total === 0);
  checkRows(rows.length);
  const figure = ({ value, numerator, denominator, completeness }: Figure): Figure => ({
    value,
    numerator,
    denominator,
    // What stands beside distinct ones is their coverage, and nothing of the exports.
    ...(indicator.covered === undefined ? { completeness } : { completeness: null, coverage: completeness }),
  });
  return {
    rows: rows.map((row) => ({
      atMs: question.interval === null ? null : row.at_s * 1_000,
      keys: Object.fromEntries(question.by.map((name) => [name, row[name] ?? ""])),
      ...figure(row),
    })),
    // Over no rows at all there is no figure, not a 0.
    total:
      total && rows.length > 0 && !(indicator.kind === "distinct" && spansMonths(question.period))
        ? figure(total)
        : NO_FIGURE,
  };
}
