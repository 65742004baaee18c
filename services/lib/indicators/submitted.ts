import {
  type FigureColumn,
  type Indicator,
  reportedRow,
  type SubmissionKey,
  type SubmittedRow,
  submissionId,
  submissionTemplate,
  submittedRow,
} from "@v6meter/schemas";
import { defineQuery, type Store } from "@v6meter/store";
import { z } from "zod";
import type { ReportedFigure } from "./catalogue.ts";
import { monthBeginOf } from "./month.ts";

const acceptancesQuery = defineQuery({
  name: "submissions-accepted",
  params: z.strictObject({ series: z.string() }),
  row: z.object({ acceptances: z.string() }),
});

const figuresQuery = defineQuery({
  name: "submitted-figures",
  params: z.strictObject({ series: z.string() }),
  row: z.object({
    month: z.string(),
    unit: z.string(),
    accepted_version: z.int(),
    accepted_rows: z
      .string()
      .transform((text): unknown => JSON.parse(text))
      .pipe(z.array(submittedRow)),
  }),
});

/** Figures that units submitted and the regulator accepted. */
export interface Submitted {
  /** Those in force of an indicator's series; asked anew only after another acceptance. */
  figuresOf(indicator: Indicator): Promise<readonly ReportedFigure[]>;
}

/** Reads accepted figures of a store; nothing is asked before somebody wants some. */
export function openSubmitted(store: Store): Submitted {
  const known = new Map<string, { acceptances: string; figures: readonly ReportedFigure[] }>();
  return {
    async figuresOf(indicator) {
      const { series = "" } = indicator;
      // The number is asked first: figures accepted between the two questions are asked for again, never missed.
      const [{ acceptances } = { acceptances: "0" }] = await store.query(acceptancesQuery, { series });
      const found = known.get(series);
      if (found?.acceptances === acceptances) return found.figures;
      const accepted = acceptances === "0" ? [] : await store.query(figuresQuery, { series });
      const figures = accepted.flatMap(({ month, unit, accepted_version, accepted_rows }) =>
        submittedFigures(indicator, { month, series, unit }, accepted_version, accepted_rows),
      );
      known.set(series, { acceptances, figures });
      return figures;
    },
  };
}

/** The figures that the rows of a version are; rows and cells that are none any more are left out. */
export function submittedFigures(
  indicator: Indicator,
  key: SubmissionKey,
  version: number,
  rows: readonly SubmittedRow[],
): ReportedFigure[] {
  const { columns } = submissionTemplate(indicator);
  const source = `${submissionId(key)} version ${version}`;
  return rows.flatMap(({ cells }) => {
    const words = Object.fromEntries(columns.map((name) => [name, cells[name]]).filter(([, word]) => word));
    const parsed = reportedRow.safeParse({ ...key, ...words, source });
    return parsed.success ? [{ ...parsed.data, atMs: monthBeginOf(key.month) }] : [];
  });
}

const FIGURES: readonly string[] = ["value", "numerator", "denominator"] satisfies FigureColumn[];
const NO_WORDS = [...FIGURES, "source", "atMs", "month", "series", "unit"];

/** Month and words a figure is of, the unit aside. */
function placeOf(figure: ReportedFigure): string {
  const words = Object.entries(figure).filter(([name, word]) => word !== undefined && !NO_WORDS.includes(name));
  return JSON.stringify([figure.atMs, ...words.sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/**
 * Figures of files and accepted ones together. An accepted figure stands for that of a file of the same month and words,
 * where the file names the same unit or none.
 */
export function withSubmitted(
  ofFiles: readonly ReportedFigure[],
  accepted: readonly ReportedFigure[],
): readonly ReportedFigure[] {
  if (accepted.length === 0) return ofFiles;
  const units = new Map<string, Set<string | undefined>>();
  for (const figure of accepted) units.getOrInsertComputed(placeOf(figure), () => new Set()).add(figure.unit);
  const left = ofFiles.filter((figure) => {
    const known = units.get(placeOf(figure));
    return known === undefined || (figure.unit !== undefined && !known.has(figure.unit));
  });
  return [...left, ...accepted];
}
