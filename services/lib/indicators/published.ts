import type { Indicator, IndicatorGrouping } from "@v6meter/schemas";
import { isSmall, keyText, suppressedCells } from "@v6meter/users";
import { type Answer, type Figure, type FigureRow, NO_FIGURE, type Question } from "./question.ts";

/** The dimensions along which users are parted; what else an indicator is restricted to is no table of users. */
const DIMENSIONS: readonly IndicatorGrouping[] = ["region", "operator", "access"];

const HIDDEN: Figure = { ...NO_FIGURE, suppressed: true };

/** Evaluates a question without regard to who may be told by it. */
type Evaluate = (indicator: Indicator, question: Question) => Promise<Answer>;

type Words = Readonly<Partial<Record<IndicatorGrouping, readonly string[]>>>;

function isWithin({ keys }: FigureRow, selections: readonly Words[]): boolean {
  return selections.every((words) =>
    Object.entries(words).every(
      ([name, allowed]) =>
        !DIMENSIONS.includes(name as IndicatorGrouping) ||
        allowed.length === 0 ||
        allowed.includes(keys[name as IndicatorGrouping] ?? ""),
    ),
  );
}

/**
 * The figures of an indicator of distinct ones that are counted, not estimated, as they may be published. What is suppressed is decided
 * as in the answers about users: in the table of all dimensions that are asked for or restricted by, whatever
 * the restrictions keep. A row or total is suppressed where it is of too few, or where exactly one suppressed
 * cell of the table lies within it.
 */
export async function publishedFigures(
  evaluate: Evaluate,
  indicator: Indicator,
  question: Question,
  least: number,
): Promise<Answer> {
  const answer = await evaluate(indicator, question);
  const named = [...question.by, ...Object.keys(question.filters), ...Object.keys(indicator.where)];
  const by = DIMENSIONS.filter((name) => named.includes(name));
  const where = Object.fromEntries(
    Object.entries(indicator.where).filter(([name]) => !DIMENSIONS.includes(name as IndicatorGrouping)),
  );
  const others = Object.fromEntries(
    Object.entries(question.filters).filter(([name]) => !DIMENSIONS.includes(name as IndicatorGrouping)),
  );
  const otherBy = question.by.filter((name) => !DIMENSIONS.includes(name));
  const table = await evaluate({ ...indicator, where }, { ...question, by: [...otherBy, ...by], filters: others });
  const sliceOf = (row: FigureRow) => JSON.stringify([row.atMs, ...otherBy.map((name) => row.keys[name])]);
  const keyOf = (row: FigureRow) => by.map((name) => row.keys[name] ?? "");
  const slices = new Map(
    [...Map.groupBy(table.rows, sliceOf)].map(([slice, rows]) => {
      const cells = rows.map((row) => ({
        key: keyOf(row),
        users: row.value ?? 0,
        small: isSmall(row.value ?? 0, least),
      }));
      const hidden = suppressedCells(cells);
      return [slice, rows.filter((row) => hidden.has(keyText(keyOf(row))))];
    }),
  );
  const tells = (hidden: readonly FigureRow[] = [], selections: readonly Words[]) =>
    hidden.filter((cell) => isWithin(cell, selections)).length === 1;
  const selections = [indicator.where, question.filters];
  const publishedTotal = async (): Promise<Figure> => {
    if (answer.total.value === null) return answer.total;
    // The cells of a total are those of the whole period, not of its days.
    if (question.interval !== null)
      return (await publishedFigures(evaluate, indicator, { ...question, interval: null }, least)).total;
    const told = [...slices.values()].some((hidden) => tells(hidden, selections));
    return told || isSmall(answer.total.value, least) ? HIDDEN : answer.total;
  };
  return {
    rows: answer.rows.map((row) => {
      const place = Object.fromEntries(question.by.map((name) => [name, [row.keys[name] ?? ""]]));
      const few = isSmall(row.value ?? 0, least) || tells(slices.get(sliceOf(row)), [...selections, place]);
      return few ? { atMs: row.atMs, keys: row.keys, ...HIDDEN } : row;
    }),
    total: await publishedTotal(),
  };
}
