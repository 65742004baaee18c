import { z } from "zod";
import { INDICATOR_UNITS, TARGET_SCOPES } from "../indicators/catalogue-words.ts";
import { usersTold } from "./indicators.ts";
import { oneOf } from "./parameters.ts";

const month = z.string().regex(/^\d{4}-\d\d$/);

/** Parameters of `GET /api/v1/targets`. */
export const targetsParameters = z.strictObject({
  scope: z.array(oneOf(TARGET_SCOPES)).default([]).describe("National or provincial; both where none is given"),
  indicator: z
    .array(z.string().regex(/^[a-z][a-z0-9_]{1,63}$/, { error: "id of an indicator" }))
    .default([])
    .describe("Only targets of this indicator"),
});

/** A target and how far it is. */
export const targetProgress = z.object({
  id: z.string(),
  zh: z.string(),
  en: z.string(),
  indicator: z.string(),
  where: z.record(z.string(), z.array(z.string())).describe("Rows of the indicator it is about"),
  scope: z.enum(TARGET_SCOPES),
  value: z.number().describe("To be reached, in the indicator's unit"),
  unit: z.enum(INDICATOR_UNITS),
  by: month.describe("Month by whose end it is to be reached"),
  source: z.string().describe("Document and clause"),
  current: z
    .object({ month, value: z.number(), ...usersTold })
    .nullable()
    .describe("The latest month that has ended and has a figure; null where none has"),
  progress: z.number().nullable().describe("Current over target; of what is to fall, target over current"),
  gap: z.number().nullable().describe("What is missing, in the indicator's unit; 0 or less once reached"),
  reached: z.boolean(),
  pace_a_month: z
    .number()
    .nullable()
    .describe("Slope of the least-squares line through the months with figures of the last 12; null under two"),
  needed_a_month: z.number().nullable().describe("Change a month that reaches it in time; null once past or reached"),
  projected: month.nullable().describe("Month in which the current figure, going on at the pace, reaches it"),
  in_time: z.boolean().nullable().describe("Whether that is in time; null where there is no projection"),
});
export type TargetProgressAnswer = z.infer<typeof targetProgress>;

/** Answer of `GET /api/v1/targets`. */
export const targets = z.object({ targets: z.array(targetProgress) }).describe("The targets by their month");
export type Targets = z.infer<typeof targets>;
