import { api, type Condition } from "@v6meter/schemas";
import type { Context } from "./context.ts";
import { changeOf } from "./format.ts";
import { monthsFrom } from "./month.ts";
import { questions, TREND_MONTHS } from "./questions.ts";
import { indicatorOf, type Scope } from "./scope.ts";

/** An indicator's figure of the month, and what it is compared with. */
export interface MonthFigure {
  readonly indicator: api.IndicatorDescription;
  readonly value: number | null;
  readonly suppressed: boolean;
  readonly completeness: number | null;
  readonly path: string;
  /** Of the month before and of the same month a year before. */
  readonly before: number | null;
  readonly yearBefore: number | null;
  /** By month, the oldest first; null where there is none. */
  readonly trend: readonly { readonly month: string; readonly value: number | null }[];
  readonly trendPath: string;
}

/** The questions behind a month figure. */
export function monthFigureQuestions({ month }: Scope, id: string): string[] {
  return [questions.indicator(id, month), questions.trend(id, month)];
}

/** Reads an indicator's figure of the month. */
export function monthFigure(context: Context, id: string): MonthFigure {
  const { answers, month } = context;
  const path = questions.indicator(id, month);
  const trendPath = questions.trend(id, month);
  const total = answers.read(path, api.indicatorFigures)?.total;
  const rows = answers.read(trendPath, api.indicatorFigures)?.rows ?? [];
  const values = new Map(rows.map(({ at = "", value }) => [at.slice(0, 7), value]));
  const trend = Array.from({ length: TREND_MONTHS }, (_, i) => {
    const { name } = monthsFrom(month, i - TREND_MONTHS + 1);
    return { month: name, value: name === month.name ? (total?.value ?? null) : (values.get(name) ?? null) };
  });
  return {
    indicator: indicatorOf(context, id),
    value: total?.value ?? null,
    suppressed: total?.suppressed === true,
    completeness: total?.completeness ?? null,
    path,
    before: trend.at(-2)?.value ?? null,
    yearBefore: trend[0]?.value ?? null,
    trend,
    trendPath,
  };
}

/** A target of an indicator, as a sentence speaks of it. */
export interface NearTarget {
  readonly value: number;
  readonly by: string;
  /** What is missing in the indicator's unit; 0 or less once reached. */
  readonly gap: number;
}

/** The next target of the template's scope, or the last one where all are past; null where none is set. */
export function nearTarget(context: Context, { indicator, value }: MonthFigure): NearTarget | null {
  const { answers, month, template } = context;
  const targets = (answers.read(questions.targets(), api.targets)?.targets ?? [])
    .filter(
      (it) => it.indicator === indicator.id && it.scope === template.target_scope && Object.keys(it.where).length === 0,
    )
    .sort((a, b) => (a.by < b.by ? -1 : 1));
  const found = targets.find(({ by }) => by >= month.name) ?? targets.at(-1);
  if (!found || value === null) return null;
  const gap = indicator.good === "lower" ? value - found.value : found.value - value;
  return { value: found.value, by: found.by, gap };
}

/** What is so of a figure. */
export function conditionsOf(context: Context, figure: MonthFigure): ReadonlySet<Condition> {
  const { unit } = figure.indicator;
  const found = new Set<Condition>();
  if (figure.suppressed) found.add("suppressed");
  else if (figure.value === null) found.add("no_data");
  const direction = (before: number | null, none: Condition, [up, down, same]: [Condition, Condition, Condition]) => {
    const change = changeOf(figure.value, before, unit);
    if (change === null) return found.add(none);
    if (Math.abs(change) < context.template.limits.unchanged_ratio) return found.add(same);
    return found.add(change > 0 ? up : down);
  };
  direction(figure.before, "no_month_before", ["rose", "fell", "unchanged"]);
  direction(figure.yearBefore, "no_year_before", ["rose_in_a_year", "fell_in_a_year", "unchanged_in_a_year"]);
  const target = nearTarget(context, figure);
  found.add(target === null ? "no_target" : target.gap <= 0 ? "reached" : "not_reached");
  return found;
}
