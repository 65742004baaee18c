import type { TemplateBlock } from "@v6meter/schemas";
import { changeOf, changeText, filled, spokenText } from "../format.ts";
import { conditionsOf, monthFigure, monthFigureQuestions, nearTarget } from "../month-figure.ts";
import { questions } from "../questions.ts";
import type { BlockWriter } from "./block.ts";

type Sentences = Extract<TemplateBlock, { sentences: unknown }>["sentences"];

/** A sentence an indicator: of each clause the first alternative that holds. */
export const sentences: BlockWriter<Sentences> = {
  questions: ({ of }, scope) => [questions.targets(), ...of.flatMap((id) => monthFigureQuestions(scope, id))],
  compose: ({ say, of }, context) => {
    const { lang, template } = context;
    const paragraphs = of.map((id) => {
      const figure = monthFigure(context, id);
      const { unit } = figure.indicator;
      const holds = conditionsOf(context, figure);
      const target = nearTarget(context, figure);
      const unsigned = (before: number | null) =>
        changeText(changeOf(figure.value, before, unit), unit, lang).replace(/^[+-]/, "");
      const values = {
        name: context.text(figure.indicator),
        value: spokenText(figure.value, unit, lang),
        change: unsigned(figure.before),
        change_in_a_year: unsigned(figure.yearBefore),
        target: spokenText(target?.value ?? null, unit, lang),
        target_month: target?.by ?? "",
        gap:
          unit === "ratio"
            ? changeText(target?.gap ?? null, unit, lang).replace(/^[+-]/, "")
            : spokenText(target?.gap ?? null, unit, lang),
      };
      const clauses = (template.sentences[say] ?? []).map(
        (clause) => clause.find(({ when }) => when.every((condition) => holds.has(condition)))?.[lang] ?? "",
      );
      return { text: filled(clauses.join(""), values), path: figure.path };
    });
    return [{ kind: "text", tone: "plain", paragraphs }];
  },
};
