import { NO_FIGURE, type ReportColumn, type ReportLanguage } from "@v6meter/schemas";

/** How figures are written in one language; the same on every machine, whatever its locale. */

export type FigureUnit = ReportColumn["unit"];

const STEPS = ["", "K", "M", "G", "T", "P", "E"] as const;

/** The decimal step under which a figure has at least one digit before the point. */
function stepOf(value: number): number {
  let step = 0;
  for (let rest = Math.abs(value); rest >= 1_000 && step < STEPS.length - 1; rest /= 1_000) step++;
  return step;
}

const SUFFIX: Partial<Record<FigureUnit, string>> = { bytes: "B", bps: "bps" };

/** What all values of a chart are divided by, and the unit they are then in; by the largest of them. */
export function scaleOf(unit: FigureUnit, largest: number): { divisor: number; suffix: string } {
  if (unit === "ratio") return { divisor: 0.01, suffix: "%" };
  const suffix = SUFFIX[unit];
  if (suffix === undefined) return { divisor: 1, suffix: "" };
  const step = stepOf(largest);
  return { divisor: 1_000 ** step, suffix: `${STEPS[step]}${suffix}` };
}

/** Digits in groups of three, the fraction to `digits` places. */
export function grouped(value: number, digits = 0): string {
  const [whole = "0", fraction] = Math.abs(value).toFixed(digits).split(".");
  const text = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const sign = value < 0 && Number(Math.abs(value).toFixed(digits)) !== 0 ? "-" : "";
  return `${sign}${text}${fraction === undefined ? "" : `.${fraction}`}`;
}

export function percent(ratio: number, digits = 2): string {
  return `${grouped(ratio * 100, digits)}%`;
}

/** A figure in a table. */
export function figureText(value: number | null, unit: FigureUnit): string {
  if (value === null) return NO_FIGURE;
  if (unit === "ratio") return percent(value);
  if (unit === "pp") return grouped(value * 100, 2);
  if (unit === "points") return grouped(value, 1);
  if (unit in SUFFIX) {
    const step = stepOf(value);
    return `${grouped(value / 1_000 ** step, step === 0 ? 0 : 2)} ${STEPS[step]}${SUFFIX[unit]}`;
  }
  return grouped(value, Number.isInteger(value) ? 0 : 2);
}

/** A figure in a sentence: large numbers of things in 万 and 亿, as they are read aloud. */
export function spokenText(value: number | null, unit: FigureUnit, lang: ReportLanguage): string {
  if (value !== null && lang === "zh" && !(unit in SUFFIX) && unit !== "ratio") {
    if (Math.abs(value) >= 1e8) return `${grouped(value / 1e8, 2)}亿`;
    if (Math.abs(value) >= 1e4) return `${grouped(value / 1e4, 2)}万`;
  }
  return figureText(value, unit);
}

/** How a figure changed: a ratio by a difference, everything else in proportion; null where it cannot be told. */
export function changeOf(now: number | null, before: number | null, unit: FigureUnit): number | null {
  if (now === null || before === null) return null;
  if (unit === "ratio" || unit === "points") return now - before;
  return before === 0 ? null : now / before - 1;
}

/** A change with its sign, for a table. */
export function changeText(change: number | null, unit: FigureUnit, lang: ReportLanguage): string {
  if (change === null) return NO_FIGURE;
  const sign = change > 0 ? "+" : "";
  if (unit === "ratio") return `${sign}${grouped(change * 100, 2)}${lang === "zh" ? "个百分点" : " pp"}`;
  if (unit === "points") return `${sign}${grouped(change, 1)}`;
  return `${sign}${percent(change)}`;
}

/** Puts values into a phrase where their names stand in braces. */
export function filled(phrase: string, values: Readonly<Record<string, string | number>> = {}): string {
  return phrase.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
}
