import { api, type ReportChart, type SeriesTone, type TemplateBlock } from "@v6meter/schemas";
import type { Context } from "../context.ts";
import { type FigureUnit, scaleOf } from "../format.ts";
import { monthFigure, monthFigureQuestions } from "../month-figure.ts";
import { questions } from "../questions.ts";
import { indicatorOf } from "../scope.ts";
import { type BlockWriter, noRows } from "./block.ts";

type Trend = Extract<TemplateBlock, { trend: unknown }>["trend"];
type Days = Extract<TemplateBlock, { days: unknown }>["days"];

const DAY_MS = 86_400_000;

/** The colour of an indicator: by what its name says it is of. */
function toneOf(id: string, at: number): SeriesTone {
  if (id.startsWith("mobile")) return "mobile";
  if (id.startsWith("fixed")) return "fixed";
  if (id.startsWith("v4")) return "v4";
  return at === 0 ? "v6" : "other";
}

function chart(it: Omit<ReportChart, "kind" | "scale">): ReportChart {
  const values = it.series.flatMap(({ values }) => values).filter((value) => value !== null);
  return { kind: "chart", ...it, scale: scaleOf(it.unit, Math.max(0, ...values)) };
}

const hasValues = ({ series }: ReportChart) => series.some(({ values }) => values.some((value) => value !== null));

/** Lines over the months that end with the report's. */
export const trend: BlockWriter<Trend> = {
  questions: ({ of }, scope) => of.flatMap((id) => monthFigureQuestions(scope, id)),
  compose: ({ id, title, of }, context) => {
    const all = of.map((it) => monthFigure(context, it));
    const made = chart({
      id,
      title: context.text(title),
      form: "line",
      unit: all[0]?.indicator.unit ?? "none",
      categories: all[0]?.trend.map(({ month }) => month) ?? [],
      series: all.map(({ indicator, trend, trendPath }, at) => ({
        name: context.text(indicator),
        tone: toneOf(indicator.id, at),
        path: trendPath,
        values: trend.map(({ value }) => value),
      })),
    });
    return [hasValues(made) ? made : noRows(context, made.title)];
  },
};

/** A column or a point a day of the month. */
export const days: BlockWriter<Days> = {
  questions: ({ of }, { month }) => of.map((id) => questions.days(id, month)),
  compose: ({ id, title, of, stacked }, context) => {
    const { month } = context;
    const length = Math.round((month.toMs - month.fromMs) / DAY_MS);
    const made = chart({
      id,
      title: context.text(title),
      form: stacked ? "stacked" : "line",
      unit: unitOf(context, of[0] as string),
      categories: Array.from({ length }, (_, day) => String(day + 1)),
      series: of.map((it, at) => {
        const path = questions.days(it, month);
        const rows = context.answers.read(path, api.indicatorFigures)?.rows ?? [];
        const values = new Map(rows.map(({ at: begin = "", value }) => [Number(begin.slice(8, 10)), value]));
        return {
          name: context.text(indicatorOf(context, it)),
          tone: toneOf(it, at),
          path,
          values: Array.from({ length }, (_, day) => values.get(day + 1) ?? null),
        };
      }),
    });
    return [hasValues(made) ? made : noRows(context, made.title)];
  },
};

function unitOf(context: Context, id: string): FigureUnit {
  return indicatorOf(context, id).unit;
}

/** Bars that lie, one a row of a ranking. */
export function bars(
  it: Pick<ReportChart, "id" | "title" | "unit" | "categories"> & {
    name: string;
    path: string;
    values: (number | null)[];
  },
): ReportChart {
  const { name, path, values, ...rest } = it;
  return chart({ ...rest, form: "bars", series: [{ name, tone: "v6", path, values }] });
}
