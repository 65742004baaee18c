import { z } from "zod";
import { catalogueId } from "./indicator.ts";

const text = z.string({ error: "a text is needed" }).min(1).max(2_000);

/** What scores and ranks are given to. */
export const SCORED_SUBJECTS = ["operator", "region", "industry", "object", "unit"] as const;
export type ScoredSubject = (typeof SCORED_SUBJECTS)[number];

const where = z
  .record(z.string(), z.array(z.string().min(1)).min(1))
  .default({})
  .describe("Rows of the indicator it is about, by grouping; all without it");

/** One figure that gives points: none at `zero`, all at `full`, in proportion between. */
export const scoredItem = z
  .strictObject({
    indicator: catalogueId,
    where,
    weight: z.number().positive().max(1_000).describe("Share of the score, against the weights of the other items"),
    zero: z.number().describe("Figure that gives no points"),
    full: z.number().describe("Figure that gives all points; below zero's where less is better"),
  })
  .refine(({ zero, full }) => zero !== full, { error: "zero and full must differ", path: ["full"] });

/** Points taken off where a figure is on the wrong side of a limit. */
export const scorePenalty = z
  .strictObject({
    zh: text,
    en: text,
    indicator: catalogueId,
    where,
    below: z.number().optional().describe("Taken off where the figure is less"),
    above: z.number().optional().describe("Taken off where the figure is more"),
    points: z.number().positive().max(100).describe("Of the 100 of the score"),
  })
  .refine(({ below, above }) => (below === undefined) !== (above === undefined), {
    error: "either below or above is allowed",
    path: ["below"],
  });

/** How a month's figures become scores; a new version leaves what the old one gave. */
export const scoringRule = z.strictObject({
  id: catalogueId.describe("The key, with the version"),
  version: z.int().min(1).describe("The greatest is in force where none is asked for"),
  zh: text,
  en: text,
  source: text.describe("Clause or document"),
  subject: z.enum(SCORED_SUBJECTS, { error: `allowed are ${SCORED_SUBJECTS.join(", ")}` }),
  missing: z
    .enum(["zero", "skip"], { error: "allowed are zero, skip" })
    .default("zero")
    .describe("A figure that is not there gives no points, or its weight is left out"),
  items: z.array(scoredItem).min(1).max(100),
  penalties: z.array(scorePenalty).max(100).default([]),
});
export type ScoringRule = z.output<typeof scoringRule>;
