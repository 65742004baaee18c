import { type ReportedFigure, submittedFigures } from "@v6meter/indicators";
import {
  api,
  type Indicator,
  SUBMISSION_GROUPINGS,
  type SubmissionEvent,
  type SubmissionKey,
  submissionId,
} from "@v6meter/schemas";
import { figureValue } from "./check.ts";

/** The answer about a submission of which there is a change. */
export function submissionAnswer(
  changes: readonly SubmissionEvent[],
  indicator: Indicator | undefined,
): api.Submission {
  const last = changes.at(-1) as SubmissionEvent;
  const versions = [...Map.groupBy(changes, ({ version }) => version)].map(([version, own]) => {
    const newest = own.at(-1) as SubmissionEvent;
    return {
      version,
      state: newest.state,
      changes: own.map(({ state, at_ms, actor, role }) => ({ state, at: api.instantText(at_ms), by: actor, role })),
      reason: newest.reason || null,
      errors: newest.errors,
      warnings: newest.warnings,
      confirmed: newest.confirmed,
      messages: newest.messages,
      rows: newest.rows,
      restatement: restatement(changes, own, indicator),
    };
  });
  return {
    id: submissionId(last),
    series: last.series,
    month: last.month,
    unit: last.unit,
    version: last.version,
    state: last.state,
    at: api.instantText(last.at_ms),
    by: last.actor,
    role: last.role,
    reason: last.reason || null,
    rows: last.rows.length,
    errors: last.errors,
    warnings: last.warnings,
    confirmed: last.confirmed,
    messages: last.messages,
    versions: versions.reverse(),
  };
}

/** The last acceptance among changes. */
export function lastAccepted(changes: readonly SubmissionEvent[]): SubmissionEvent | undefined {
  return changes.findLast(({ state }) => state === "accepted");
}

/** How a version's figures differ from those that were in force when it was handed in. */
function restatement(
  changes: readonly SubmissionEvent[],
  own: readonly SubmissionEvent[],
  indicator: Indicator | undefined,
): api.Submission["versions"][number]["restatement"] {
  const begin = own[0] as SubmissionEvent;
  const base = lastAccepted(changes.filter(({ change }) => change < begin.change));
  if (base === undefined || indicator === undefined) return null;
  const before = figuresOf(indicator, base);
  const now = figuresOf(indicator, own.at(-1) as SubmissionEvent);
  return [...new Set([...before.keys(), ...now.keys()])].flatMap((words) => {
    const [old, figure] = [before.get(words), now.get(words)];
    const previous = old === undefined ? null : figureValue(old);
    const value = figure === undefined ? null : figureValue(figure);
    if (previous === value) return [];
    const difference = previous === null || value === null ? null : Number((value - previous).toPrecision(15));
    return [{ ...JSON.parse(words), previous, value, difference }];
  });
}

function figuresOf(
  indicator: Indicator,
  { version, rows, ...key }: SubmissionKey & Pick<SubmissionEvent, "version" | "rows">,
): Map<string, ReportedFigure> {
  const { month, series, unit } = key;
  const figures = submittedFigures(indicator, { month, series, unit }, version, rows);
  return new Map(figures.map((figure) => [JSON.stringify(wordsOf(figure)), figure]));
}

function wordsOf(figure: ReportedFigure): Partial<Record<string, string>> {
  return Object.fromEntries(
    SUBMISSION_GROUPINGS.map((name) => [name, figure[name]]).filter(([, word]) => word !== undefined),
  );
}
