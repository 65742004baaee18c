import type { ReportBlock, TemplateBlock } from "@v6meter/schemas";
import { type Context, changeCell, figureCell, textCell } from "../context.ts";
import { type MonthFigure, monthFigure, monthFigureQuestions } from "../month-figure.ts";
import { othersOf } from "../scope.ts";
import { type BlockWriter, noteLine } from "./block.ts";

type Figures = Extract<TemplateBlock, { figures: unknown }>["figures"];
type Others = Extract<TemplateBlock, { others: unknown }>["others"];

/** The figures of several indicators under each other. */
export const figures: BlockWriter<Figures> = {
  questions: ({ of }, scope) => of.flatMap((id) => monthFigureQuestions(scope, id)),
  compose: ({ id, title, of }, context) => [
    table(
      context,
      id,
      context.text(title),
      of.map((it) => monthFigure(context, it)),
    ),
  ],
};

/** Indicators of a dimension that no other block names, so that a new one is there by itself. */
export const others: BlockWriter<Others> = {
  questions: ({ dimension }, scope) => othersOf(scope, dimension).flatMap(({ id }) => monthFigureQuestions(scope, id)),
  compose: ({ dimension }, context) => {
    const all = othersOf(context, dimension).map(({ id }) => monthFigure(context, id));
    const told = all.filter(({ value, suppressed }) => value !== null || suppressed);
    const missing = all.filter(({ value, suppressed }) => value === null && !suppressed);
    const title = context.word("others_title", { dimension: context.label("dimension", dimension) });
    const names = missing.map(({ indicator }) => context.text(indicator)).join(context.lang === "zh" ? "、" : "; ");
    const blocks: ReportBlock[] = [];
    if (told.length > 0) blocks.push(table(context, `others_${dimension}`, title, told));
    if (missing.length > 0) blocks.push(noteLine(context.word("others_missing", { names })));
    return blocks;
  },
};

function table(context: Context, id: string, title: string, all: readonly MonthFigure[]): ReportBlock {
  const { word } = context;
  const notes = [
    ...(all.some(({ value, suppressed }) => value === null && !suppressed) ? [word("no_figure")] : []),
    ...(all.some(({ suppressed }) => suppressed) ? [word("suppressed_note")] : []),
  ];
  return {
    kind: "table",
    id,
    title,
    ...(notes.length > 0 && { note: notes.join("") }),
    columns: [
      { title: word("indicator"), unit: "none", width: 3.2 },
      { title: word("value"), unit: "none", width: 1.4 },
      { title: word("month_before"), unit: "none", width: 1.4 },
      { title: word("year_before"), unit: "none", width: 1.4 },
      { title: word("completeness"), unit: "ratio", width: 1.25 },
    ],
    rows: all.map((figure) => {
      const { indicator, value, suppressed, path, trendPath: changePath } = figure;
      const { unit, good } = indicator;
      const change = (before: number | null) =>
        changeCell(context, { now: value, before, unit, good, path: changePath });
      return {
        path,
        cells: [
          textCell(context.text(indicator)),
          suppressed ? textCell(word("suppressed")) : figureCell(value, unit),
          change(figure.before),
          change(figure.yearBefore),
          figureCell(figure.completeness, "ratio"),
        ],
      };
    }),
  };
}
