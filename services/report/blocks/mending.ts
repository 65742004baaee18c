import { NO_FIGURE, type TemplateBlock } from "@v6meter/schemas";
import { type Context, figureCell, textCell } from "../context.ts";
import { type Measure, measuresOf, qualityQuestions, SILENT } from "../findings.ts";
import { type FigureUnit, figureText } from "../format.ts";
import { questions } from "../questions.ts";
import { monthBefore, type Shortfalls, standingOf, standingQuestions } from "../shortfall.ts";
import { type BlockWriter, noteLine } from "./block.ts";

type Mending = Extract<TemplateBlock, { mending: unknown }>["mending"];

/** A problem of the month before, and the figure it is now told by. */
interface Problem {
  readonly text: string;
  readonly owner: string;
  readonly unit: FigureUnit;
  readonly before: { readonly value: number | null; readonly path: string };
  readonly now: { readonly value: number | null; readonly path: string | undefined };
  /** null: this month has no figure to tell it by. */
  readonly mended: boolean | null;
}

/** Lists of objects that the template asks figures of. */
const listsOf = ({ template }: Pick<Context, "template">): Shortfalls[] =>
  template.sections.flatMap(({ blocks }) => blocks.flatMap((it) => ("shortfalls" in it ? [it.shortfalls] : [])));

/** Problems found in the month before, and whether they are mended. */
export const mending: BlockWriter<Mending> = {
  questions: (_, scope) => [
    ...[scope.month, monthBefore(scope)].flatMap((month) => [
      ...qualityQuestions({ month }),
      ...listsOf(scope).flatMap((list) => standingQuestions(list, month)),
    ]),
  ],
  compose: ({ title: both, page_rows }, context) => {
    const { word } = context;
    const title = context.text(both);
    if (!context.answers.has(questions.indicator("traffic_share", monthBefore(context))))
      return [noteLine(word("mending_no_month", { title }))];
    const all = [...ofTheData(context), ...listsOf(context).flatMap((list) => ofObjects(context, list))];
    if (all.length === 0) return [noteLine(word("mending_none", { title }))];
    const count = (mended: boolean | null) => all.filter((it) => it.mended === mended).length;
    const more = all.length - page_rows;
    const counts = { all: all.length, mended: count(true), open: count(false), untold: count(null) };
    return [
      { kind: "text", tone: "plain", paragraphs: [{ text: word("mending_text", counts) }] },
      {
        kind: "table",
        id: "mending",
        title,
        ...(more > 0 && { note: word("page_rows", { most: page_rows, more }).trim() }),
        page_rows,
        columns: [
          { title: word("problem"), unit: "none", width: 3.6 },
          { title: word("owner"), unit: "none", width: 1.6 },
          { title: word("last_month"), unit: "none", width: 1.2 },
          { title: word("value"), unit: "none", width: 1 },
          { title: word("mending"), unit: "none", width: 1.3 },
        ],
        rows: all.map(({ text, owner, unit, before, now, mended }) => ({
          cells: [
            textCell(text),
            textCell(owner),
            figureCell(before.value, unit, { path: before.path }),
            figureCell(now.value, unit, now.path === undefined ? {} : { path: now.path }),
            mended === null
              ? textCell(word("mending_untold"))
              : { ...textCell(word(mended ? "mended" : "not_mended")), tone: mended ? "good" : "bad" },
          ],
        })),
      },
    ];
  },
};

function ofTheData(context: Context): Problem[] {
  const now = new Map(measuresOf(context).map((it) => [it.key, it]));
  const before = measuresOf({ ...context, month: monthBefore(context) });
  // An exporter that sent nothing in two months is known of neither, and is not mended by that.
  const isMended = (key: string, found: Measure | undefined) => {
    if (found === undefined) return key.startsWith(SILENT) ? false : null;
    return found.bad === null ? null : !found.bad;
  };
  return before.flatMap((it) => {
    if (it.bad !== true) return [];
    const found = now.get(it.key);
    return [
      {
        text: it.text,
        owner: context.indicators.get(it.indicator)?.owner ?? NO_FIGURE,
        unit: it.unit,
        before: it,
        now: { value: found?.value ?? null, path: found?.path },
        mended: isMended(it.key, found),
      },
    ];
  });
}

function ofObjects(context: Context, list: Shortfalls): Problem[] {
  const before = standingOf(context, list, monthBefore(context));
  const now = standingOf(context, list, context.month);
  if (before === null) return [];
  const { unit } = before.indicator;
  const values = new Map(now?.told.map(({ id, value }) => [id, value]));
  return before.told
    .filter(({ value }) => value < list.least)
    .map(({ id, name, object, value }) => {
      const found = values.get(id) ?? null;
      const words = {
        object: name,
        indicator: context.text(before.indicator),
        value: figureText(value, unit),
        least: figureText(list.least, unit),
      };
      return {
        text: context.word("problem_object", words),
        owner: object?.owner ?? NO_FIGURE,
        unit,
        before: { value, path: before.path },
        now: { value: found, path: now?.path },
        mended: found === null ? null : found >= list.least,
      };
    });
}
