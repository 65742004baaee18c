import { api, type Indicator, type IndicatorGrouping } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import {
  type ActiveUsersQuestion,
  type ActiveUsersRow,
  activeUsers,
  type PublishedFigure,
  usersPeriod,
  wholeUsers,
} from "@v6meter/users";
import { isMonthBegin, spansMonths } from "./month.ts";
import { type Answer, type Figure, type FigureRow, NO_FIGURE, type Question } from "./question.ts";

/** Whether the figure is a number of active subscribers, which the ladder tells. */
export function countsActiveUsers({ kind, grain, value }: Indicator): boolean {
  return kind === "distinct" && grain === "active" && value?.trim() === "subscribers";
}

/** The published figures of an indicator of active subscribers: those of `/api/v1/users/active`. */
export async function activeUsersAnswer(
  store: Store,
  indicator: Indicator,
  question: Question,
  leastUsers: number,
): Promise<Answer> {
  const asked = usersQuestion(indicator, question);
  if (asked === null) return { rows: [], total: NO_FIGURE };
  const slice = question.interval === "1d" ? "day" : question.interval === "1mo" ? "month" : null;
  const [parts, whole] = await Promise.all([
    activeUsers(store, { ...asked, slice, leastUsers }),
    // Keys of identities change with months, so months have no total; days do, by merging.
    slice === null || spansMonths(question.period)
      ? null
      : activeUsers(store, { ...asked, period: periodOf(question, null), slice: null, leastUsers }),
  ]);
  const total = parts.total ?? whole?.total;
  return {
    rows: parts.rows.map((row) => rowOf(row, question)),
    total: total ? figureOf(total) : NO_FIGURE,
  };
}

function periodOf({ period: { fromMs, toMs } }: Question, interval: Question["interval"]) {
  return usersPeriod({ fromMs, toMs }, interval !== "1d" && isMonthBegin(fromMs) && isMonthBegin(toMs));
}

/** The same question as the lib of users puts it; null where nothing is both of the indicator and asked for. */
function usersQuestion(
  { where }: Indicator,
  question: Question,
): Omit<ActiveUsersQuestion, "slice" | "leastUsers"> | null {
  const { by, filters, interval } = question;
  let isEmpty = false;
  const wordsOf = (name: IndicatorGrouping): string[] => {
    const [first = [], ...more] = [where[name], filters[name]].filter((words) => words && words.length > 0);
    const words = more.reduce<readonly string[]>((kept, other) => kept.filter((word) => other?.includes(word)), first);
    if (first.length > 0 && words.length === 0) isEmpty = true;
    return [...words];
  };
  const families = wordsOf("family");
  const family = (families.length === 0 ? [...api.FAMILIES] : api.FAMILIES.filter((it) => families.includes(it))).map(
    Number,
  ) as (4 | 6)[];
  const places = { region: wordsOf("region"), operator: wordsOf("operator"), access: wordsOf("access") };
  if (isEmpty || family.length === 0) return null;
  return {
    period: periodOf(question, interval),
    question: { by: api.USER_DIMENSIONS.filter((name) => by.includes(name)), filters: places },
    byFamily: by.includes("family"),
    family,
  };
}

function rowOf(row: ActiveUsersRow, { by, interval }: Question): FigureRow {
  const { group } = row;
  const words: Partial<Record<IndicatorGrouping, string>> = {
    region: group.region_group,
    operator: group.operator_group,
    access: group.access_group,
    family: String(group.family_group),
  };
  return {
    atMs: interval === null ? null : Date.parse(`${group.slice_day}T00:00:00+08:00`),
    keys: Object.fromEntries(by.map((name) => [name, words[name] ?? ""])),
    ...figureOf(row),
  };
}

function figureOf({ figure, suppressed }: PublishedFigure): Figure {
  const { method } = figure;
  if (suppressed) return { ...NO_FIGURE, method, coverage: null, low: null, high: null, suppressed };
  const { users, low, high } = wholeUsers(figure);
  return {
    ...NO_FIGURE,
    value: users,
    numerator: users === null ? null : String(users),
    method,
    coverage: figure.coverage,
    low,
    high,
  };
}
