import type { ReportedFigure } from "@v6meter/indicators";
import {
  type FigureColumn,
  JUMP_RATIO,
  reportedNumber,
  SUBMISSION_CHECKS,
  type SubmissionCheck,
  type SubmissionColumn,
  type SubmissionGrouping,
  type SubmissionMessage,
  type SubmissionTemplate,
  type SubmittedRow,
} from "@v6meter/schemas";
import type { SentRows } from "./read-rows.ts";
import { askedCombinations, type ColumnWords, type Combination } from "./words.ts";

/** What a submission is held against. */
export interface Expected {
  readonly template: SubmissionTemplate;
  readonly words: ColumnWords;
  readonly unit: string;
  /** Figures of the month before that were accepted of this unit. */
  readonly previous: readonly ReportedFigure[];
}

const LISTED_WORDS = 20;
const FOUND_MAX_LENGTH = 100;

/** A message in both languages. */
function message(
  code: SubmissionCheck,
  place: { row: number | null; column: string | null },
  { found = "", allowed = "" }: { found?: string; allowed?: string } = {},
): SubmissionMessage {
  const { severity, zh, en } = SUBMISSION_CHECKS[code];
  const short = found.length > FOUND_MAX_LENGTH ? `${found.slice(0, FOUND_MAX_LENGTH)}…` : found;
  const say = (text: string) => text.replace(/\{(found|allowed)\}/g, (_, name) => (name === "found" ? short : allowed));
  return { ...place, severity, code, zh: say(zh), en: say(en) };
}

/** Everything that is wrong in a submission, cell by cell, in the order of its rows. */
export function checkRows(sent: SentRows, expected: Expected): SubmissionMessage[] {
  const messages = [...columnMessages(sent, expected.template)];
  if (sent.rows.length === 0) messages.push(message("rows_missing", { row: null, column: null }));
  const { groupings, figures } = expected.template;
  // Told apart in one row and not in another, figures would be counted twice.
  const told = groupings.filter((name) => sent.rows.some(({ cells }) => cells[name] !== undefined));
  const first = new Map<string, number>();
  const before = new Map(expected.previous.map((figure) => [wordsOf(figure, groupings), figure]));
  for (const { row, cells } of sent.rows) {
    const found: SubmissionMessage[] = [];
    // Cells beyond the header, as where a number was written with a comma in it.
    for (const name of Object.keys(cells).filter((it) => !sent.columns.includes(it)))
      found.push(
        message(
          "column_unknown",
          { row, column: name },
          { found: name, allowed: expected.template.columns.join(", ") },
        ),
      );
    for (const name of told) found.push(...wordMessages(name, { row, cells }, expected));
    for (const name of figures) found.push(...numberMessages(name, { row, cells }, expected.template));
    if (!found.some(({ severity }) => severity === "error"))
      found.push(...rangeMessages({ row, cells }, expected, before));
    const words = wordsOf(cells, groupings);
    const same = first.get(words);
    if (same !== undefined) found.push(message("duplicate", { row, column: null }, { found: String(same) }));
    first.set(words, same ?? row);
    messages.push(...found);
  }
  if (sent.rows.length > 0) messages.push(...combinationMessages(sent.rows, expected));
  return messages;
}

type Words = Readonly<Partial<Record<SubmissionGrouping, string | undefined>>>;

function wordsOf(cells: Words, groupings: readonly SubmissionGrouping[]): string {
  return JSON.stringify(groupings.map((name) => cells[name] ?? ""));
}

function columnMessages({ columns, headerRow: row }: SentRows, template: SubmissionTemplate): SubmissionMessage[] {
  const allowed = template.columns.join(", ");
  const strange = columns.filter(
    (name, i) => !(template.columns as readonly string[]).includes(name) || columns.indexOf(name) !== i,
  );
  return [
    ...strange.map((name) => message("column_unknown", { row, column: name }, { found: name || '""', allowed })),
    ...template.figures
      .filter((name) => !columns.includes(name))
      .map((name) => message("column_missing", { row, column: name }, { allowed: name })),
  ];
}

function wordMessages(name: keyof ColumnWords, { row, cells }: SubmittedRow, { words, unit }: Expected) {
  const place = { row, column: name };
  const cell = cells[name];
  const known = words[name] ?? null;
  const some = (known ?? []).slice(0, LISTED_WORDS).map(({ id }) => id);
  const more = known !== null && known.length > LISTED_WORDS ? ["…"] : [];
  const allowed = known === null ? name : [...some, ...more].join(", ");
  if (cell === undefined) return [message("cell_missing", place, { allowed })];
  if (known === null) return cell.length <= 200 ? [] : [message("word_unknown", place, { found: cell, allowed })];
  if (known.some(({ id }) => id === cell)) return [];
  const foreign = name === "operator" && known.length === 1 && known[0]?.id === unit;
  return [message(foreign ? "operator_foreign" : "word_unknown", place, { found: cell, allowed })];
}

const NUMBER_ALLOWED = "a number such as 17.65";

function numberMessages(name: FigureColumn, { row, cells }: SubmittedRow, { whole }: SubmissionTemplate) {
  const place = { row, column: name };
  const cell = cells[name];
  if (cell === undefined) return [message("cell_missing", place, { allowed: NUMBER_ALLOWED })];
  if (!reportedNumber.safeParse(cell).success)
    return [message("number_invalid", place, { found: cell, allowed: NUMBER_ALLOWED })];
  const positive = name === "denominator";
  if (Number(cell) < 0 || (positive && Number(cell) === 0))
    return [message("out_of_range", place, { found: cell, allowed: positive ? "> 0" : ">= 0" })];
  return whole && !/^\d+(\.0+)?$/.test(cell) ? [message("not_whole", place, { found: cell })] : [];
}

/** The figure of a row or of a month before: a ratio divided. */
export function figureValue(cells: Readonly<Partial<Record<FigureColumn, string | undefined>>>): number {
  return cells.value === undefined ? Number(cells.numerator) / Number(cells.denominator) : Number(cells.value);
}

/** Quotients are not exact: 0.45 is half as much again as 0.3, and no more. */
const ROUNDED = 1 + 1e-9;

function rangeMessages(
  { row, cells }: SubmittedRow,
  { template }: Expected,
  before: ReadonlyMap<string, ReportedFigure>,
): SubmissionMessage[] {
  const column = template.figures[0] as SubmissionColumn;
  const value = figureValue(cells);
  if (template.most !== null && value > template.most)
    return [message("out_of_range", { row, column }, { found: shown(value), allowed: `0 … ${template.most}` })];
  const figure = before.get(wordsOf(cells, template.groupings));
  if (figure === undefined) return [];
  const last = figureValue(figure);
  if (Math.abs(value - last) <= JUMP_RATIO * Math.abs(last) * ROUNDED) return [];
  return [message("jump", { row, column }, { found: shown(value), allowed: shown(last) })];
}

const shown = (value: number) => String(Number(value.toPrecision(6)));

function combinationMessages(rows: readonly SubmittedRow[], { words, previous, unit }: Expected): SubmissionMessage[] {
  const names = (["region", "operator"] as const).filter((name) => words[name] !== undefined);
  const nameOf = (it: Combination) => JSON.stringify(names.map((name) => it[name] ?? ""));
  const asked: Combination[] =
    previous.length === 0
      ? askedCombinations(words, unit)
      : previous.map((figure) => Object.fromEntries(names.map((name) => [name, figure[name] ?? ""])));
  const there = new Set(rows.map(({ cells }) => nameOf(cells)));
  // What is asked for leaves out what the template leaves open.
  const isThere = (it: Combination) =>
    there.has(nameOf(it)) ||
    rows.some(({ cells }) => names.every((name) => it[name] === undefined || it[name] === (cells[name] ?? "")));
  const missing = new Map(asked.filter((it) => !isThere(it)).map((it) => [nameOf(it), it]));
  return [...missing.values()].map((it) =>
    message(
      "combination_missing",
      { row: null, column: null },
      {
        allowed:
          names
            .map((name) => it[name])
            .filter(Boolean)
            .join(" ") || "…",
      },
    ),
  );
}
