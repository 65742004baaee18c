import { z } from "zod";
import { SCORED_SUBJECTS } from "../indicators/scoring.ts";
import { usersTold } from "./indicators.ts";
import { periodParameters } from "./parameters.ts";

const id = z.string().regex(/^[a-z][a-z0-9_]{1,63}$/, { error: "id of a scoring rule, such as operator_assessment" });

/** Parameters of `GET /api/v1/evaluations`. */
export const evaluationsParameters = z.strictObject({
  rule: id.optional().describe("Scoring rule; without it the rules are listed"),
  version: z.coerce
    .number({ error: "a whole number from 1 on" })
    .int()
    .min(1)
    .optional()
    .describe("Version of the rule; the latest without it"),
  month: periodParameters.month.describe("Month of Asia/Shanghai; the last one that has ended without it"),
});

const figure = z.object({
  value: z.number().nullable(),
  numerator: z.string().nullable(),
  denominator: z.string().nullable(),
  completeness: z.number().nullable(),
  ...usersTold,
  suppressed: z.literal(true).optional().describe("Not published: of too few users, or telling of such a figure"),
});

/** A subject's score, opened to what it came from. */
export const evaluatedSubject = z.object({
  subject: z.string(),
  score: z.number().nullable().describe("0 to 100; null where no item has a figure"),
  rank: z.int().nullable().describe("1 is the best; equal scores share a rank"),
  previous_score: z.number().nullable().describe("By the same version, of the month before"),
  previous_rank: z.int().nullable(),
  change: z.number().nullable().describe("score - previous_score"),
  items: z.array(
    z.object({
      indicator: z.string(),
      weight: z.number(),
      points: z.number().nullable().describe("Of 100; null where a missing figure is left out"),
      figure: figure.nullable(),
    }),
  ),
  penalties: z
    .array(z.object({ indicator: z.string(), zh: z.string(), en: z.string(), points: z.number(), figure }))
    .describe("Those that were taken off"),
});

/** Answer of `GET /api/v1/evaluations`. */
export const evaluations = z
  .object({
    rules: z
      .array(
        z.object({
          id: z.string(),
          version: z.int(),
          zh: z.string(),
          en: z.string(),
          source: z.string(),
          subject: z.enum(SCORED_SUBJECTS),
        }),
      )
      .describe("All rules and versions; with `rule` the one in force"),
    month: z.string().nullable(),
    subjects: z.array(evaluatedSubject).describe("By rank"),
  })
  .describe("Scores and ranks of a month against the month before");
export type Evaluations = z.infer<typeof evaluations>;
