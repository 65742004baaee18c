import type { IndicatorGrouping, IndicatorInterval } from "@v6meter/schemas";
import type { LadderMethod } from "@v6meter/users";

/** What is asked of an indicator. */
export interface Question {
  /** Half-open; begins and ends at whole 5 minutes. */
  readonly period: { readonly fromMs: number; readonly toMs: number };
  readonly by: readonly IndicatorGrouping[];
  /** Width of the rows in time; null: one row a group. */
  readonly interval: IndicatorInterval | null;
  /** Only rows of these words, by grouping. */
  readonly filters: Readonly<Partial<Record<IndicatorGrouping, readonly string[]>>>;
}

/** How a figure of users was told (docs/users.md). */
export interface UsersTold {
  readonly method?: LadderMethod;
  /** Part of the active prefixes that was seen with a session; null without prefixes. */
  readonly coverage?: number | null;
  /** Ends of an interval made to hold the truth in 99 of 100 cases; high is null where nothing bounds it. */
  readonly low?: number | null;
  readonly high?: number | null;
}

/** One figure of an indicator. */
export interface Figure extends UsersTold {
  /** Null where there is nothing to divide by, or nothing at all. */
  readonly value: number | null;
  /** What stands over the line of a ratio, else the whole figure; exact. */
  readonly numerator: string | null;
  /** What stands under the line of a ratio. */
  readonly denominator: string | null;
  /** Part of the exports behind the figure that arrived, 0 to 1; null where that is not known. */
  readonly completeness: number | null;
  /** Of too few subscribers, or telling of such a figure: not published. */
  readonly suppressed?: true;
}

/** The figure of one group and interval. */
export interface FigureRow extends Figure {
  readonly atMs: number | null;
  readonly keys: Readonly<Partial<Record<IndicatorGrouping, string>>>;
}

/** An indicator's answer: rows, and the total over the same traffic or series, never over the rows' shares. */
export interface Answer {
  readonly rows: readonly FigureRow[];
  readonly total: Figure;
}

/** More rows than these are refused. */
export const MAX_ROWS = 100_000;

export const NO_FIGURE: Figure = { value: null, numerator: null, denominator: null, completeness: null };
