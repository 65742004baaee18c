import type { ScoringRule } from "@v6meter/schemas";
import type { Figure } from "./question.ts";

/** The figures of one indicator by subject. */
export type FiguresBySubject = ReadonlyMap<string, Figure>;

/** An item of a score, opened to the figure it came from. */
export interface ScoreItem {
  readonly indicator: string;
  readonly figure: Figure | null;
  readonly weight: number;
  /** Of the 100 a full figure gives; null where a missing figure is left out. */
  readonly points: number | null;
}

export interface ScorePenalty {
  readonly indicator: string;
  readonly figure: Figure;
  readonly zh: string;
  readonly en: string;
  readonly points: number;
}

/** A subject's score of a month, and all it came from. */
export interface Score {
  readonly subject: string;
  /** 0 to 100; null where no item has a figure. */
  readonly score: number | null;
  /** 1 is the best; equal scores share a rank, and the next one is as many further on. */
  readonly rank: number | null;
  readonly items: readonly ScoreItem[];
  readonly penalties: readonly ScorePenalty[];
}

/** Not a subject of anybody's assessment. */
const NOBODY = new Set(["", "unknown"]);

/** Scores that differ by the last digits of a float only are the same score. */
const rounded = (score: number) => Math.round(score * 1e6) / 1e6;

function pointsOf({ zero, full }: { zero: number; full: number }, value: number): number {
  return 100 * Math.min(1, Math.max(0, (value - zero) / (full - zero)));
}

/**
 * Scores by a rule: of each item its points by its weight, over the weights, less the penalties, never below 0.
 * `items` and `penalties` are the figures by subject in the order of the rule's.
 */
export function scores(
  rule: ScoringRule,
  figures: { readonly items: readonly FiguresBySubject[]; readonly penalties: readonly FiguresBySubject[] },
): Score[] {
  const subjects = new Set(figures.items.flatMap((bySubject) => [...bySubject.keys()]));
  const scored = [...subjects]
    .filter((subject) => !NOBODY.has(subject))
    .sort()
    .map((subject) => ({ subject, ...scoreOf(rule, figures, subject) }));
  const ranked = scored.flatMap(({ score }) => (score === null ? [] : [score]));
  return scored.map((it) => {
    const { score } = it;
    return { ...it, rank: score === null ? null : 1 + ranked.filter((other) => other > score).length };
  });
}

function scoreOf(
  rule: ScoringRule,
  figures: Parameters<typeof scores>[1],
  subject: string,
): Omit<Score, "subject" | "rank"> {
  const items = rule.items.map((item, i): ScoreItem => {
    const figure = figures.items[i]?.get(subject) ?? null;
    const value = figure?.value ?? null;
    const missing = rule.missing === "skip" ? null : 0;
    return {
      indicator: item.indicator,
      figure,
      weight: item.weight,
      points: value === null ? missing : pointsOf(item, value),
    };
  });
  const penalties = rule.penalties.flatMap(({ indicator, zh, en, below, above, points }, i): ScorePenalty[] => {
    const figure = figures.penalties[i]?.get(subject);
    const value = figure?.value ?? null;
    if (!figure || value === null) return [];
    const applies = below === undefined ? value > (above as number) : value < below;
    return applies ? [{ indicator, figure, zh, en, points }] : [];
  });
  const counted = items.filter(({ points }) => points !== null);
  const weight = counted.reduce((sum, item) => sum + item.weight, 0);
  const told = items.some(({ figure }) => figure !== null && figure.value !== null);
  const taken = penalties.reduce((sum, { points }) => sum + points, 0);
  const sum = counted.reduce((all, item) => all + item.weight * (item.points as number), 0);
  return { score: told ? Math.max(0, rounded(sum / weight - taken)) : null, items, penalties };
}
