import { reportedRow } from "../indicators/catalogue-file.ts";
import { INDICATOR_GROUPINGS, type INDICATOR_UNITS, type IndicatorGrouping } from "../indicators/catalogue-words.ts";
import type { Indicator } from "../indicators/indicator.ts";

/** What a submission can tell figures apart by; the unit is the submitter's own. */
export const SUBMISSION_GROUPINGS = INDICATOR_GROUPINGS.filter(
  (name): name is SubmissionGrouping => name !== "unit" && Object.hasOwn(reportedRow.shape, name),
);
export type SubmissionGrouping = Extract<Exclude<IndicatorGrouping, "unit">, keyof typeof reportedRow.shape>;

export const FIGURE_COLUMNS = ["value", "numerator", "denominator"] as const;
export type FigureColumn = (typeof FIGURE_COLUMNS)[number];

/** Names and meanings of the columns. */
export const SUBMISSION_COLUMNS = {
  region: { zh: "行政区划代码，如210100", en: "Administrative code, such as 210100" },
  operator: { zh: "运营商", en: "Operator" },
  access: { zh: "接入类型", en: "Access type" },
  object: { zh: "监测对象", en: "Monitored object" },
  industry: { zh: "行业", en: "Industry" },
  value: { zh: "数值", en: "The figure" },
  numerator: { zh: "分子", en: "What stands over the line" },
  denominator: { zh: "分母，大于0", en: "What stands under the line; more than 0" },
} as const satisfies Record<SubmissionGrouping | FigureColumn, { zh: string; en: string }>;
export type SubmissionColumn = keyof typeof SUBMISSION_COLUMNS;

/** Units that count things: their figures are whole numbers. */
const WHOLE_UNITS: readonly (typeof INDICATOR_UNITS)[number][] = [
  "bytes",
  "packets",
  "users",
  "connections",
  "prefixes",
  "devices",
  "count",
  "records",
];

/** What a file of a series looks like: one row a combination of its groupings, all cells of a figure filled. */
export interface SubmissionTemplate {
  readonly indicator: Indicator;
  readonly series: string;
  readonly groupings: readonly SubmissionGrouping[];
  readonly figures: readonly FigureColumn[];
  readonly columns: readonly SubmissionColumn[];
  /** Only whole numbers are allowed. */
  readonly whole: boolean;
  /** Greatest figure: 1 of a share, where it is numerator over denominator. */
  readonly most: number | null;
}

/** The template of a reported series, by the indicator that reads it. Throws a TypeError for one that reads none. */
export function submissionTemplate(indicator: Indicator): SubmissionTemplate {
  const { series, by, kind, unit } = indicator;
  if (series === undefined) throw new TypeError(`${indicator.id} is not reported`);
  const groupings = SUBMISSION_GROUPINGS.filter((name) => by.includes(name));
  const figures: readonly FigureColumn[] = kind === "ratio" ? ["numerator", "denominator"] : ["value"];
  return {
    indicator,
    series,
    groupings,
    figures,
    columns: [...groupings, ...figures],
    whole: kind !== "ratio" && WHOLE_UNITS.includes(unit),
    most: unit === "ratio" ? 1 : null,
  };
}
