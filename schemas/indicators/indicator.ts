import { z } from "zod";
import {
  INDICATOR_CLASSES,
  INDICATOR_DIMENSIONS,
  INDICATOR_GROUPINGS,
  INDICATOR_KINDS,
  INDICATOR_UNITS,
  type IndicatorGrouping,
} from "./catalogue-words.ts";

/**
 * What an entry of the indicator catalogue may say (domain.md sections 1 and 5 are the source of the built-in ones).
 */

/** Name of an indicator, object, target or series. */
export const catalogueId = z.string().regex(/^[a-z][a-z0-9_]{1,63}$/, {
  error: "allowed are 2 to 64 lower-case letters, digits and '_', a letter first",
});

const text = z.string({ error: "a text is needed" }).min(1).max(2_000);
const words = z.array(z.string().min(1).max(200)).min(1).max(200);
const oneOf = <T extends string>(vocabulary: readonly T[]) =>
  z.enum(vocabulary as readonly [T, ...T[]], { error: `allowed are ${vocabulary.join(", ")}` });
const keysOf = <T extends string>(vocabulary: Readonly<Record<T, unknown>>) => oneOf(Object.keys(vocabulary) as T[]);

/** A column of the source or an expression of its columns, for each of its rows. */
const expression = z
  .string()
  .min(1)
  .max(1_000)
  .refine((sql) => !sql.includes(";"), { error: "an expression of columns, without ';'" });

const grouping = oneOf(INDICATOR_GROUPINGS);

/** A whole indicator, after `extends` is resolved. */
const fields = {
  id: catalogueId.describe("The key; an entry of the folder replaces the built-in one of its id"),
  zh: text.describe("Chinese name"),
  en: text.describe("English name"),
  definition: z.strictObject({ zh: text, en: text }).describe("What is counted, of what"),
  source: text.describe("Clause or document the definition comes from"),
  dimension: keysOf(INDICATOR_DIMENSIONS).describe("One of the five dimensions"),
  unit: oneOf(INDICATOR_UNITS).describe("Unit of the figure"),
  class: keysOf(INDICATOR_CLASSES).describe("Where its figures come from"),
  exactness: oneOf(["exact", "estimated"]).describe("Whether the source counts, or estimates"),
  good: oneOf(["higher", "lower", "none"]).describe("Direction of good"),
  owner: text.describe("Unit that answers for it"),
  kind: keysOf(INDICATOR_KINDS).describe("How rows become one figure"),
  by: z.array(grouping).max(INDICATOR_GROUPINGS.length).describe("Groupings and filters it allows"),
  where: z.partialRecord(grouping, words).describe("Only rows of these words, by grouping"),
  grain: catalogueId.describe("Reviewed statement of sql/indicators that its rows come from"),
  sql: z
    .string()
    .min(1)
    .max(50_000)
    .refine((sql) => !sql.includes(";"), { error: "one SELECT, without ';'" })
    .describe("A SELECT of its own in place of grain: bucket_at, groupings and the columns of the figure"),
  series: catalogueId.describe("Reported series in place of grain"),
  numerator: expression.describe("Of a ratio, for each row of the source"),
  denominator: expression.describe("Of a ratio, for each row of the source"),
  value: expression.describe(
    "Of other kinds, for each row of the source; subscribers of grain active are estimated where sessions do not cover them",
  ),
  covered: expression.describe("Of kind distinct: the states whose number over that of coverable is the coverage"),
  coverable: expression.describe("See covered"),
};

const { id, where, grain, sql, series, numerator, denominator, value, covered, coverable, ...needed } = fields;

/** One indicator with nothing left to inherit. */
export const indicator = z
  .strictObject({
    id,
    ...needed,
    where: where.default({}),
    grain: grain.optional(),
    sql: sql.optional(),
    series: series.optional(),
    numerator: numerator.optional(),
    denominator: denominator.optional(),
    value: value.optional(),
    covered: covered.optional(),
    coverable: coverable.optional(),
  })
  .superRefine((it, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if ([it.grain, it.sql, it.series].filter((source) => source !== undefined).length !== 1)
      refuse("grain", "exactly one of grain, sql and series is allowed");
    if (it.series === undefined && it.kind === "ratio" && !(it.numerator && it.denominator))
      refuse("numerator", "a ratio needs numerator and denominator");
    if (it.series === undefined && it.kind !== "ratio" && !it.value)
      refuse("value", `an indicator of kind ${it.kind} needs value`);
    if (it.series !== undefined && !["ratio", "sum", "last"].includes(it.kind))
      refuse("kind", "a reported series is of kind ratio, sum or last");
    if ((it.covered === undefined) !== (it.coverable === undefined))
      refuse("covered", "covered and coverable go together");
    if (it.covered !== undefined && it.kind !== "distinct") refuse("covered", "only of kind distinct");
    for (const name of Object.keys(it.where))
      if (!it.by.includes(name as IndicatorGrouping)) refuse("where", `${name} is not among its groupings (by)`);
  });
export type Indicator = z.output<typeof indicator>;

/** One entry of a file: what it does not say is that of the entry it extends; `where` adds to that entry's. */
export const indicatorEntry = z
  .strictObject({ ...fields, extends: catalogueId.describe("Indicator whose members hold where this says none") })
  .partial()
  .required({ id: true, zh: true, en: true });
export type IndicatorEntry = z.output<typeof indicatorEntry>;
