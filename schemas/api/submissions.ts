import { z } from "zod";
import { ROLE_NAMES } from "../access.ts";
import { catalogueId } from "../indicators/indicator.ts";
import { SUBMISSION_STATES, type SubmissionState } from "../submissions/change.ts";
import { SUBMISSION_MAX_MESSAGES } from "../submissions/check.ts";
import { submissionMessage, submittedRow } from "../submissions/record.ts";
import { SUBMISSION_GROUPINGS } from "../submissions/template.ts";
import { instant } from "./instant.ts";
import { oneOf, periodParameters, registryWord } from "./parameters.ts";

const month = periodParameters.month.unwrap();
const states = Object.keys(SUBMISSION_STATES) as SubmissionState[];
const series = catalogueId.describe("Reported series; the catalogue of indicators names them");
const unit = registryWord.optional().describe("Unit that reports; of a unit's key its own, where none is named");
const confirm = oneOf(["true", "false"])
  .default("false")
  .describe("true: the unit has read the warnings and confirms the figures");

/** Media type of an Excel workbook. */
export const XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/** Parameters of `GET /api/v1/submissions/templates/{series}`. */
export const submissionTemplateParameters = z.strictObject({ unit });

/** Parameters of `POST /api/v1/submissions`; the rows are its body. */
export const submissionParameters = z.strictObject({
  series,
  month: month.describe("Month the figures are of, Asia/Shanghai"),
  unit,
  state: oneOf(["draft", "submitted"])
    .default("draft")
    .describe("submitted: it goes to the regulator at once, where it has no errors and its warnings are confirmed"),
  confirm,
});
export type SubmissionParameters = z.output<typeof submissionParameters>;

/** Body of `POST /api/v1/submissions` as JSON. */
export const submissionBody = z.strictObject({
  rows: z
    .array(z.record(z.string().max(64), z.union([z.string().max(1_000), z.number(), z.null()])))
    .describe("The rows by the names of the template's columns"),
});

/** Parameters of `GET /api/v1/submissions`. */
export const submissionsParameters = z.strictObject({
  month: z.array(month).default([]).describe("Month the figures are of"),
  series: z.array(catalogueId).default([]).describe("Reported series"),
  unit: z.array(registryWord).default([]).describe("Unit that reports"),
  state: z.array(oneOf(states)).default([]).describe("State of the newest version"),
  object: z.array(catalogueId).default([]).describe("Monitored object that a row of the newest version is about"),
  limit: z.coerce
    .number({ error: "a whole number from 1 to 200" })
    .int({ error: "a whole number from 1 to 200" })
    .min(1, { error: "a whole number from 1 to 200" })
    .max(200, { error: "a whole number from 1 to 200" })
    .default(50)
    .describe("Submissions of one page"),
  cursor: z.string().max(1_000).optional().describe("The `next` of the page before"),
});
export type SubmissionsParameters = z.output<typeof submissionsParameters>;

const version = z.coerce
  .number({ error: "a whole number from 1" })
  .int({ error: "a whole number from 1" })
  .min(1, { error: "a whole number from 1" });

/** Body of `POST /api/v1/submissions/{id}/submit`. */
export const submitBody = z.strictObject({
  version: version.describe("Version that is meant"),
  confirm: z.boolean().default(false).describe("true: the unit has read the warnings and confirms the figures"),
});

/** Body of `POST /api/v1/submissions/{id}/accept`. */
export const acceptBody = z.strictObject({ version: version.describe("Version that was read") });

/** Body of `POST /api/v1/submissions/{id}/return`. */
export const returnBody = z.strictObject({
  version: version.describe("Version that was read"),
  reason: z
    .string({ error: "a reason is needed" })
    .trim()
    .min(1, { error: "a reason is needed" })
    .max(2_000, { error: "up to 2000 characters" })
    .describe("What is to be mended"),
});

const summary = {
  id: z.string().describe("MONTH.SERIES.UNIT"),
  series: z.string(),
  month: z.string(),
  unit: z.string(),
  version: z.int().describe("Number of the newest version, from 1"),
  state: z.enum(states).describe("State of the newest version"),
  at: instant.describe("When it came into this state"),
  by: z.string().describe("Name of the key, or subject of the token"),
  role: z.enum(ROLE_NAMES),
  reason: z.string().nullable().describe("Why it was returned"),
  rows: z.int().describe("Rows of figures"),
  errors: z.int().describe("Errors, all of them"),
  warnings: z.int().describe("Warnings, all of them"),
  confirmed: z.boolean().describe("Whether the unit has confirmed the warnings"),
};

/** One submission in a list. */
export const submissionSummary = z.object(summary);
export type SubmissionSummary = z.infer<typeof submissionSummary>;

/** Answer of `GET /api/v1/submissions`. */
export const submissions = z
  .object({
    submissions: z.array(submissionSummary),
    next: z.string().nullable().describe("Cursor of the next page; null on the last one"),
  })
  .describe("Submissions, the newest month first");
export type Submissions = z.infer<typeof submissions>;

const restated = z.object({
  ...Object.fromEntries(SUBMISSION_GROUPINGS.map((name) => [name, z.string().optional()])),
  previous: z.number().nullable().describe("The figure in force before; null where there was none"),
  value: z.number().nullable().describe("The figure of this version; null where it has none"),
  difference: z.number().nullable().describe("value - previous"),
});

/** One version of a submission and what became of it. */
const submissionVersion = z.object({
  version: z.int(),
  state: z.enum(states),
  changes: z
    .array(z.object({ state: z.enum(states), at: instant, by: z.string(), role: z.enum(ROLE_NAMES) }))
    .describe("Who brought it into which state when"),
  reason: z.string().nullable(),
  errors: z.int(),
  warnings: z.int(),
  confirmed: z.boolean(),
  messages: z.array(submissionMessage).max(SUBMISSION_MAX_MESSAGES).describe("Findings, by row"),
  rows: z.array(submittedRow),
  restatement: z
    .array(restated)
    .nullable()
    .describe("Figures that differ from the version accepted before; null where none was"),
});

/** Answer about one submission. */
export const submission = z.object({
  ...summary,
  messages: z.array(submissionMessage).max(SUBMISSION_MAX_MESSAGES).describe("Findings of the newest version, by row"),
  versions: z.array(submissionVersion).describe("Every version, the newest first"),
});
export type Submission = z.infer<typeof submission>;
