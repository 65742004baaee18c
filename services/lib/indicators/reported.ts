import type { Indicator, IndicatorGrouping } from "@v6meter/schemas";
import type { ReportedFigure } from "./catalogue.ts";
import { type Answer, type Figure, NO_FIGURE, type Question } from "./question.ts";

const wordOf = (figure: ReportedFigure, name: IndicatorGrouping): string =>
  (figure as Partial<Record<IndicatorGrouping, string>>)[name] ?? "";

/** Decimal sums: figures have at most nine places, and 0.1 + 0.2 is to be 0.3. */
const SCALE = 1_000_000_000n;

function scaled(text: string): bigint {
  const [whole = "0", places = ""] = text.replace("-", "").split(".");
  const digits = BigInt(whole) * SCALE + BigInt(places.padEnd(9, "0"));
  return text.startsWith("-") ? -digits : digits;
}

function decimal(sum: bigint): string {
  const digits = String(sum < 0n ? -sum : sum).padStart(10, "0");
  const text = `${digits.slice(0, -9)}.${digits.slice(-9)}`.replace(/\.?0+$/, "");
  return sum < 0n ? `-${text}` : text;
}

function total(texts: readonly (string | undefined)[]): string {
  return decimal(texts.reduce((sum, text) => sum + scaled(text ?? "0"), 0n));
}

/**
 * Stocks (last, ratio): of every series and unit the latest month. Volumes (sum): all months. A figure that names no unit
 * is that of all units: it and theirs stand for each other, whichever are the later.
 */
function inForce(kind: Indicator["kind"], by: Indicator["by"], figures: readonly ReportedFigure[]): ReportedFigure[] {
  if (kind === "sum") return [...figures];
  const words = by.filter((grouping) => grouping !== "unit");
  const series = Map.groupBy(figures, (figure) => JSON.stringify(words.map((grouping) => wordOf(figure, grouping))));
  return [...series.values()].flatMap((members) => {
    const latest = new Map<string, ReportedFigure>();
    for (const figure of members) {
      const unit = figure.unit ?? "";
      if ((latest.get(unit)?.atMs ?? Number.NEGATIVE_INFINITY) < figure.atMs) latest.set(unit, figure);
    }
    const ofAll = latest.get("");
    const ofUnits = [...latest.values()].filter((figure) => figure !== ofAll);
    if (ofAll === undefined) return ofUnits;
    return ofUnits.some(({ atMs }) => atMs >= ofAll.atMs) ? ofUnits : [ofAll];
  });
}

function figureOf({ kind, by }: Indicator, figures: readonly ReportedFigure[]): Figure {
  if (figures.length === 0) return NO_FIGURE;
  const counted = inForce(kind, by, figures);
  if (kind === "ratio") {
    const numerator = total(counted.map((figure) => figure.numerator));
    const denominator = total(counted.map((figure) => figure.denominator));
    return { numerator, denominator, value: Number(numerator) / Number(denominator), completeness: null };
  }
  const numerator = total(counted.map(({ value }) => value));
  return { numerator, denominator: null, value: Number(numerator), completeness: null };
}

/** Answers from reported months: a month belongs to the period when its first day does. */
export function evaluateReported(
  indicator: Indicator,
  { period, by, interval, filters }: Question,
  reported: readonly ReportedFigure[],
): Answer {
  const restricting = [...Object.entries(indicator.where), ...Object.entries(filters)].filter(
    ([, words]) => words.length > 0,
  ) as [IndicatorGrouping, readonly string[]][];
  const figures = reported.filter(
    (figure) =>
      figure.atMs >= period.fromMs &&
      figure.atMs < period.toMs &&
      restricting.every(([name, words]) => words.includes(wordOf(figure, name))),
  );
  const groups = Map.groupBy(figures, (figure) =>
    JSON.stringify([interval === null ? null : figure.atMs, ...by.map((name) => wordOf(figure, name))]),
  );
  const rows = [...groups].map(([name, members]) => {
    const [atMs, ...words] = JSON.parse(name) as [number | null, ...string[]];
    return {
      atMs,
      keys: Object.fromEntries(by.map((it, i) => [it, words[i] as string])),
      ...figureOf(indicator, members),
    };
  });
  const order = (row: (typeof rows)[number]) => JSON.stringify([row.atMs, ...by.map((name) => row.keys[name])]);
  return {
    rows: rows.sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0) || (order(a) < order(b) ? -1 : 1)),
    total: figureOf(indicator, figures),
  };
}
