import { z } from "zod";
import { catalogueId, indicatorEntry } from "./indicator.ts";
import { monitoredObject } from "./object.ts";
import { scoringRule } from "./scoring.ts";
import { target } from "./target.ts";

/** A YAML file of the catalogue: any of these lists, under these names. */
export const catalogueFile = z
  .strictObject({
    indicators: z.array(indicatorEntry),
    objects: z.array(monitoredObject),
    targets: z.array(target),
    scoring: z.array(scoringRule),
  })
  .partial();
export type CatalogueFile = z.output<typeof catalogueFile>;

const cell = z.string().min(1).max(200);
/** A figure as text: exact, up to nine places. */
export const reportedNumber = z
  .string()
  .regex(/^-?\d{1,18}(\.\d{1,9})?$/, { error: "a number such as 17.65 is allowed" });

/** One row of a CSV file of reported figures; the first row of the file names its columns. */
export const reportedRow = z
  .strictObject({
    series: catalogueId.describe("Series the figure belongs to"),
    month: z
      .string({ error: "a month such as 2025-06 is needed" })
      .regex(/^20\d\d-(0[1-9]|1[0-2])$/, { error: "a month such as 2025-06 is allowed" })
      .describe("Month the figure is of, Asia/Shanghai"),
    region: cell.optional().describe("Administrative code"),
    operator: cell.optional(),
    access: cell.optional(),
    object: cell.optional().describe("Monitored object"),
    industry: cell.optional(),
    unit: cell.optional().describe("Unit that reports it"),
    value: reportedNumber.optional().describe("The figure, where it is no ratio"),
    numerator: reportedNumber.optional().describe("Of a ratio"),
    denominator: reportedNumber.optional().describe("Of a ratio; more than 0"),
    source: cell.optional().describe("Document it was published in"),
  })
  .superRefine((row, context) => {
    const ratio = row.numerator !== undefined && row.denominator !== undefined;
    if (ratio === (row.value !== undefined) || (!ratio && (row.numerator ?? row.denominator) !== undefined))
      context.addIssue({
        code: "custom",
        path: ["value"],
        message: "either value, or numerator and denominator, is allowed",
      });
    if (ratio && Number(row.denominator) <= 0)
      context.addIssue({ code: "custom", path: ["denominator"], message: "a number above 0 is allowed" });
  });
export type ReportedRow = z.output<typeof reportedRow>;
