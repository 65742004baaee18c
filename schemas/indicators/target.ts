import { z } from "zod";
import { TARGET_SCOPES } from "./catalogue-words.ts";
import { catalogueId } from "./indicator.ts";

const text = z.string({ error: "a text is needed" }).min(1).max(2_000);

/** A value an indicator is to reach by a month. */
export const target = z.strictObject({
  id: catalogueId.describe("The key"),
  zh: text,
  en: text,
  indicator: catalogueId.describe("Indicator that is to reach it"),
  where: z
    .record(z.string(), z.array(z.string().min(1)).min(1))
    .default({})
    .describe("Rows of the indicator it is about, by grouping; all without it"),
  scope: z.enum(TARGET_SCOPES, { error: "allowed are national, provincial" }),
  value: z.number({ error: "a number in the indicator's unit is needed" }).describe("In the indicator's unit"),
  by: z
    .string()
    .regex(/^20\d\d-(0[1-9]|1[0-2])$/, { error: "a month such as 2025-12 is allowed" })
    .describe("Month by whose end it is to be reached"),
  source: text.describe("Document and clause"),
});
export type Target = z.output<typeof target>;
