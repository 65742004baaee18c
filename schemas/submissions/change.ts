import type { AuditAction, Role } from "../access.ts";

/**
 * A submission is what one unit reports of one series for one month. One series, not several: a template is of a
 * series, and so is the decision, so that a mistake in one figure does not hold up the others.
 */

/** What a version of a submission can be. */
export const SUBMISSION_STATES = {
  draft: { zh: "草稿", en: "handed in, not yet submitted: it may have errors" },
  submitted: { zh: "已提交", en: "waits for the regulator" },
  accepted: { zh: "已采纳", en: "its figures are in force" },
  returned: { zh: "已退回", en: "sent back with a reason" },
} as const;
export type SubmissionState = keyof typeof SUBMISSION_STATES;

interface Change {
  /** States of the newest version it may begin from; null: there is no version yet. */
  readonly from: readonly (SubmissionState | null)[];
  readonly to: SubmissionState;
  /** Who may do it; a unit (role operator) its own only. */
  readonly roles: readonly Role[];
  readonly audit: AuditAction;
  readonly zh: string;
  readonly en: string;
}

/** The one table of transitions: what may be done to a submission, when and by whom. `hand_in` makes a new version. */
export const SUBMISSION_CHANGES = {
  hand_in: {
    from: [null, "draft", "returned", "accepted"],
    to: "draft",
    roles: ["administrator", "operator"],
    audit: "submission.hand_in",
    zh: "填报",
    en: "Hand in a new version",
  },
  submit: {
    from: ["draft"],
    to: "submitted",
    roles: ["administrator", "operator"],
    audit: "submission.submit",
    zh: "提交",
    en: "Submit a draft without errors",
  },
  accept: {
    from: ["submitted"],
    to: "accepted",
    roles: ["administrator", "regulator"],
    audit: "submission.accept",
    zh: "采纳",
    en: "Take its figures as those of the month",
  },
  return: {
    from: ["submitted"],
    to: "returned",
    roles: ["administrator", "regulator"],
    audit: "submission.return",
    zh: "退回",
    en: "Send it back with a reason",
  },
} as const satisfies Record<string, Change>;
export type SubmissionChange = keyof typeof SUBMISSION_CHANGES;

/** Routes of the changes of a version that is there, and whom they answer. */
export const SUBMISSION_CHANGE_ROUTES: Readonly<Record<string, readonly Role[]>> = Object.fromEntries(
  (["submit", "accept", "return"] as const).map((change) => [
    `POST /api/v1/submissions/:id/${change}`,
    SUBMISSION_CHANGES[change].roles,
  ]),
);

/** What tells one submission from all others. */
export interface SubmissionKey {
  readonly month: string;
  readonly series: string;
  readonly unit: string;
}

/** Id of a submission: `MONTH.SERIES.UNIT`, such as 2026-10.home_router_share.telecom. */
export function submissionId({ month, series, unit }: SubmissionKey): string {
  return `${month}.${series}.${unit}`;
}

/** What an id stands for; null where it is none. */
export function submissionKey(id: string): SubmissionKey | null {
  const [, month, series, unit] =
    /^(20\d\d-(?:0[1-9]|1[0-2]))\.([a-z][a-z0-9_]{1,63})\.([\p{L}\p{N}_.-]{1,64})$/u.exec(id) ?? [];
  return month && series && unit ? { month, series, unit } : null;
}
