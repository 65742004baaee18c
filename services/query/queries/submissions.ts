import { ROLE_NAMES, SUBMISSION_STATES, type SubmissionState, submissionEvent } from "@v6meter/schemas";
import { defineQuery } from "@v6meter/store";
import { z } from "zod";
import { json } from "./exporters.ts";

const { at_ms: _, rows, messages, ...members } = submissionEvent.shape;
const milliseconds = z.string().transform(Number);
const texts = z.array(z.string());

/** Every change of one submission, in order. */
export const submissionChangesQuery = defineQuery({
  name: "submission-changes",
  params: z.strictObject({ series: z.string(), month: z.string(), unit: z.string() }),
  row: z
    .object({ ...members, rows: json(rows), messages: json(messages), at_ms_text: milliseconds })
    .transform(({ at_ms_text, ...event }) => ({ ...event, at_ms: at_ms_text })),
});

/** A page of submissions as they stand. */
export const submissionsQuery = defineQuery({
  name: "submissions",
  params: z.strictObject({
    months: texts,
    series_ids: texts,
    units: texts,
    states: texts,
    objects: texts,
    accepted_only: z.boolean(),
    after_month: z.string(),
    after_series: z.string(),
    after_unit: z.string(),
    row_limit: z.int(),
  }),
  row: z.object({
    month: z.string(),
    series: z.string(),
    unit: z.string(),
    last_version: z.int(),
    last_state: z.enum(Object.keys(SUBMISSION_STATES) as [SubmissionState, ...SubmissionState[]]),
    at_ms_text: milliseconds,
    last_actor: z.string(),
    last_role: z.enum(ROLE_NAMES),
    last_reason: z.string(),
    last_rows: z.coerce.number(),
    last_errors: z.int(),
    last_warnings: z.int(),
    last_confirmed: z.boolean(),
  }),
});
