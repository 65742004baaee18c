import { z } from "zod";
import {
  INDICATOR_CLASSES,
  INDICATOR_DIMENSIONS,
  INDICATOR_GROUPINGS,
  INDICATOR_INTERVALS,
  INDICATOR_KINDS,
  INDICATOR_UNITS,
  type IndicatorGrouping,
} from "../indicators/catalogue-words.ts";
import { instant, ZONE } from "./instant.ts";
import { exporterAddress, oneOf, pageParameters, periodParameters, registryWord, requirePeriod } from "./parameters.ts";
import { aaaCoverage, ladderMethod } from "./users.ts";

function words<T extends string>(vocabulary: Readonly<Record<T, unknown>>): [T, ...T[]] {
  return Object.keys(vocabulary) as [T, ...T[]];
}

/** Parameters of `GET /api/v1/indicators`. */
export const indicatorsParameters = z.strictObject({
  dimension: z
    .array(oneOf(words(INDICATOR_DIMENSIONS)))
    .default([])
    .describe("One of the five dimensions; all where none is given"),
  class: z
    .array(oneOf(words(INDICATOR_CLASSES)))
    .default([])
    .describe("Where the figures come from; all where none is given"),
});

/** What an indicator is. */
export const indicatorDescription = z.object({
  id: z.string(),
  zh: z.string(),
  en: z.string(),
  definition: z.object({ zh: z.string(), en: z.string() }),
  source: z.string().describe("Clause or document the definition comes from"),
  dimension: z.enum(words(INDICATOR_DIMENSIONS)),
  unit: z.enum(INDICATOR_UNITS),
  class: z.enum(words(INDICATOR_CLASSES)).describe("flow, aaa, probe or reported"),
  exactness: z.enum(["exact", "estimated"]),
  good: z.enum(["higher", "lower", "none"]).describe("Direction of good"),
  owner: z.string().describe("Unit that answers for it"),
  kind: z.enum(words(INDICATOR_KINDS)).describe("How rows become one figure"),
  by: z.array(z.enum(INDICATOR_GROUPINGS)).describe("Groupings and filters it allows"),
  where: z.partialRecord(z.enum(INDICATOR_GROUPINGS), z.array(z.string())).describe("What it is restricted to"),
});
export type IndicatorDescription = z.infer<typeof indicatorDescription>;

/** A file of the catalogue's folder that is not served. */
export const catalogueRefusal = z.object({
  file: z.string(),
  line: z.int().describe("0 stands for the file as a whole"),
  reason: z.string(),
});

/** Answer of `GET /api/v1/indicators`. */
export const indicators = z
  .object({
    indicators: z.array(indicatorDescription),
    refused: z
      .array(catalogueRefusal)
      .describe("For administrators: files of query.catalogue_dir that are not served, and why"),
  })
  .describe("The catalogue by dimension and id");
export type Indicators = z.infer<typeof indicators>;

const filters = Object.fromEntries(
  INDICATOR_GROUPINGS.map((name) => [
    name,
    z
      .array(name === "exporter" ? exporterAddress : registryWord)
      .default([])
      .describe(`Only of this ${name.replace("_", " ")}, where the indicator allows it`),
  ]),
) as Record<IndicatorGrouping, z.ZodDefault<z.ZodArray<z.ZodString>>>;

/** Parameters of `GET /api/v1/indicators/{id}`; the filters and `by` are lists. */
export const indicatorParameters = z
  .strictObject({
    ...periodParameters,
    ...pageParameters,
    by: z
      .array(oneOf(INDICATOR_GROUPINGS))
      .default([])
      .describe("Groupings of the rows, separated by commas or repeated; of those the indicator allows"),
    interval: oneOf(INDICATOR_INTERVALS)
      .optional()
      .describe("Width of the rows in time, cut in Asia/Shanghai; one row a group without it"),
    ...filters,
  })
  .superRefine(requirePeriod);
export type IndicatorParameters = z.output<typeof indicatorParameters>;

/** How a figure of users was told, beside it; of other indicators absent. */
export const usersTold = {
  method: ladderMethod.optional(),
  coverage: aaaCoverage.optional(),
  low: z.number().nullable().optional().describe("Lower end of the interval of a figure of users"),
  high: z.number().nullable().optional().describe("Upper end; null where nothing bounds it"),
};

const figure = {
  value: z.number().nullable().describe("The figure in the indicator's unit; null where there is none"),
  numerator: z.string().nullable().describe("Of a ratio what stands over the line, else the whole figure; not rounded"),
  denominator: z.string().nullable().describe("Of a ratio what stands under the line"),
  completeness: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .describe(
      "Part of the exports behind the figure that arrived: the exporters' over the period, weighted by what each gave; null where it is not known",
    ),
  ...usersTold,
  suppressed: z
    .literal(true)
    .optional()
    .describe("Not published: of fewer users than min_cell_users, or telling of such a figure by subtraction"),
};

const keys = Object.fromEntries(INDICATOR_GROUPINGS.map((name) => [name, z.string().optional()])) as Record<
  IndicatorGrouping,
  z.ZodOptional<z.ZodString>
>;

/** The figure of one group and interval. */
export const indicatorRow = z.object({
  at: instant.optional().describe("Begin of the row's interval"),
  ...keys,
  ...figure,
});

/** Answer of `GET /api/v1/indicators/{id}`. */
export const indicatorFigures = z
  .object({
    indicator: indicatorDescription,
    period: z.object({ from: instant, to: instant, zone: z.literal(ZONE) }).describe("The period in force, [from, to)"),
    closed: z.boolean().describe("The period has ended; late data can still change it"),
    interval: z.enum(INDICATOR_INTERVALS).nullable(),
    by: z.array(z.enum(INDICATOR_GROUPINGS)),
    rows: z.array(indicatorRow),
    next: z
      .string()
      .nullable()
      .optional()
      .describe("Where limit is given: the page of the rows after these; null where there are none"),
    total: z.object(figure).describe("Over the source of all rows; of a ratio a sum over a sum, never a mean"),
  })
  .describe("The figures by rows and in total");
export type IndicatorFigures = z.infer<typeof indicatorFigures>;
