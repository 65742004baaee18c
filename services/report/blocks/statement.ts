import type { TemplateBlock } from "@v6meter/schemas";
import { textCell } from "../context.ts";
import { monthFigure, monthFigureQuestions } from "../month-figure.ts";
import type { BlockWriter } from "./block.ts";

type Text = Extract<TemplateBlock, { text: unknown }>["text"];
type Definitions = Extract<TemplateBlock, { definitions: unknown }>["definitions"];

/** Fixed paragraphs. */
export const text: BlockWriter<Text> = {
  questions: () => [],
  compose: (paragraphs, context) => [
    { kind: "text", tone: "plain", paragraphs: paragraphs.map((it) => ({ text: context.text(it) })) },
  ],
};

/** What the indicators with a figure of the month are, by the catalogue. */
export const definitions: BlockWriter<Definitions> = {
  questions: (_, scope) => [...scope.indicators.keys()].flatMap((id) => monthFigureQuestions(scope, id)),
  compose: ({ title }, context) => {
    const { word } = context;
    const told = [...context.indicators.values()].filter(({ id }) => {
      const { value, suppressed } = monthFigure(context, id);
      return value !== null || suppressed;
    });
    return [
      {
        kind: "table",
        id: "definitions",
        title: context.text(title),
        columns: [
          { title: word("indicator"), unit: "none", width: 1.6 },
          { title: word("definition"), unit: "none", width: 3.4 },
          { title: word("source_of_data"), unit: "none", width: 1.1 },
          { title: word("basis"), unit: "none", width: 1.9 },
        ],
        rows: told.map((it) => ({
          cells: [
            textCell(context.text(it)),
            textCell(context.text(it.definition)),
            textCell(context.label("class", it.class)),
            textCell(it.source),
          ],
        })),
      },
    ];
  },
};
