import { NO_FIGURE } from "@v6meter/schemas";
import { figureCell, textCell } from "../context.ts";
import { figureText } from "../format.ts";
import {
  missingPartsOf,
  monthBefore,
  partQuestions,
  type Shortfalls,
  standingOf,
  standingQuestions,
} from "../shortfall.ts";
import { type BlockWriter, noteLine } from "./block.ts";

/** Objects below the figure that is asked for, the worst first, with whose they are and what they lack. */
export const shortfalls: BlockWriter<Shortfalls> = {
  questions: (block, scope) => [
    ...[scope.month, monthBefore(scope)].flatMap((month) => standingQuestions(block, month)),
    ...partQuestions(block, scope.month),
  ],
  compose: (block, context) => {
    const { word, lang } = context;
    const title = context.text(block.title);
    const now = standingOf(context, block, context.month);
    if (now === null) return [noteLine(word("not_kept", { title }))];
    const { told, registered, indicator, path } = now;
    const { unit } = indicator;
    const toldIds = new Set(told.map(({ id }) => id));
    const untold = registered.filter(({ id }) => !toldIds.has(id)).length;
    const counts = { title, told: told.length, registered: registered.length, untold };
    if (told.length === 0 && registered.length === 0) return [noteLine(word("shortfalls_none_registered", counts))];
    if (told.length === 0) return [noteLine(word("shortfalls_none_told", counts))];
    const below = told.filter(({ value }) => value < block.least);
    const least = figureText(block.least, unit);
    if (below.length === 0) return [noteLine(word("shortfalls_none_below", { ...counts, least }))];
    const before = standingOf(context, block, monthBefore(context));
    const valuesBefore = new Map(before?.told.map(({ id, value }) => [id, value]));
    const more = below.length - block.page_rows;
    const missingParts = missingPartsOf(context, block);
    const partsText = (id: string) => {
      const parts = missingParts(id);
      if (parts === null) return word("parts_untold");
      return parts.join(lang === "zh" ? "；" : "; ") || word("parts_whole");
    };
    return [
      {
        kind: "table",
        id: `below-${block.id}`.replaceAll("_", "-"),
        title,
        note: `${word("shortfalls_note", { ...counts, least, below: below.length })}${more > 0 ? word("page_rows", { most: block.page_rows, more }) : ""}`.trim(),
        page_rows: block.page_rows,
        columns: [
          { title: word("object"), unit: "none", width: 1.8 },
          { title: word("kind"), unit: "none", width: 1 },
          { title: word("owner"), unit: "none", width: 1.8 },
          { title: word("value"), unit, path, width: 1.1 },
          { title: word("last_month"), unit, ...(before && { path: before.path }), width: 1.1 },
          { title: word("missing_parts"), unit: "none", width: 2.6 },
        ],
        rows: below.map(({ id, name, object, value }) => ({
          cells: [
            textCell(name),
            textCell(object ? context.label("kind", object.kind) : NO_FIGURE),
            textCell(object?.owner ?? NO_FIGURE),
            { ...figureCell(value, unit), tone: "bad" },
            figureCell(valuesBefore.get(id) ?? null, unit),
            textCell(partsText(id)),
          ],
        })),
      },
    ];
  },
};
