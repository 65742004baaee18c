import { z } from "zod";
import { ROLE_NAMES } from "../access.ts";
import { SUBMISSION_STATES, type SubmissionState } from "./change.ts";
import { SUBMISSION_CHECKS, type SubmissionCheck } from "./check.ts";

/** One row of a submission as it was sent, by the names of its columns, and where it stands in the file. */
export const submittedRow = z.object({
  row: z.int().min(1).describe("Line of a CSV file, row of a sheet, or place among the rows of JSON, from 1"),
  cells: z.record(z.string(), z.string()).describe("What stands in its cells; empty ones are left out"),
});
export type SubmittedRow = z.infer<typeof submittedRow>;

/** One finding in a submission. */
export const submissionMessage = z.object({
  row: z.int().nullable().describe("Row it is about; null where it is about all of them"),
  column: z.string().nullable().describe("Column it is about; null where it is about the row"),
  severity: z.enum(["error", "warning"]),
  code: z.enum(Object.keys(SUBMISSION_CHECKS) as [SubmissionCheck, ...SubmissionCheck[]]),
  zh: z.string(),
  en: z.string(),
});
export type SubmissionMessage = z.infer<typeof submissionMessage>;

/** One change of a submission as it is stored: whole in itself, never changed, told apart by `change` and `event`. */
export const submissionEvent = z.object({
  series: z.string(),
  month: z.string(),
  unit: z.string(),
  change: z.int().min(1).describe("Number of the change within the submission, from 1 without a gap"),
  event: z.string().describe("Random; tells whose change was stored where two were tried at once"),
  version: z.int().min(1),
  state: z.enum(Object.keys(SUBMISSION_STATES) as [SubmissionState, ...SubmissionState[]]),
  at_ms: z.number(),
  actor: z.string(),
  role: z.enum(ROLE_NAMES),
  rows: z.array(submittedRow),
  messages: z.array(submissionMessage),
  errors: z.int().min(0),
  warnings: z.int().min(0),
  confirmed: z.boolean().describe("Whether the unit has confirmed the warnings"),
  reason: z.string(),
});
export type SubmissionEvent = z.infer<typeof submissionEvent>;
