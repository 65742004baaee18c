import {
  type FigureColumn,
  type Indicator,
  SUBMISSION_COLUMNS,
  type SubmissionColumn,
  type SubmissionTemplate,
} from "@v6meter/schemas";
import writeXlsxFile, { type Row } from "write-excel-file/node";
import {
  getClosingTagMarkup,
  getOpeningTagMarkup,
  getOrderOfSiblings,
  insertElementMarkupAccordingToOrderOfSiblings,
  sanitizeTextContent,
} from "write-excel-file/utility";
import { csvText } from "../accept.ts";
import type { ColumnWords, Combination, Word } from "./words.ts";

/** A template with the words its columns may hold and the rows it asks for. */
export interface FilledTemplate {
  readonly template: SubmissionTemplate;
  readonly words: ColumnWords;
  readonly asked: readonly Combination[];
}

/** Rows of a sheet that are checked while they are filled in. */
const CHECKED_ROWS = 5_000;

/** What a template says of itself, a line each, in Chinese and English. */
function notes({ template: { indicator, series, columns, figures, whole, most } }: FilledTemplate): string[] {
  const { zh, en, definition, unit } = indicator;
  const figure = [whole ? "整数 whole numbers" : "至多九位小数 up to nine places", most === null ? "" : `0–${most}`];
  return [
    `${series}: ${zh} ${en}`,
    `定义: ${definition.zh}`,
    `Definition: ${definition.en}`,
    `单位 unit: ${unitText(unit)} (${figure.filter(Boolean).join(", ")})`,
    ...columns.map((name) => `${name}: ${SUBMISSION_COLUMNS[name].zh}; ${SUBMISSION_COLUMNS[name].en}`),
    `每行一个组合，${figures.join("、")} 必填；以#开头的行不读取。 One row a combination; ${figures.join(" and ")} must be filled; rows that begin with # are not read.`,
  ];
}

const unitText = (unit: Indicator["unit"]) => (unit === "ratio" ? "ratio (比值 0–1)" : unit);

/** The template as CSV in UTF-8 with a byte order mark, which tells spreadsheets so. */
export function templateCsv(filled: FilledTemplate): string {
  const { columns } = filled.template;
  const comments = notes(filled).map((line) => csvText([`# ${line}`], []));
  return `\uFEFF${comments.join("")}${csvText(columns, filled.asked)}`;
}

/** The template as a workbook: rows to fill, with lists to choose from and limits of numbers, and two sheets that explain. */
export function templateWorkbook(filled: FilledTemplate): Promise<Buffer> {
  const { template, words, asked } = filled;
  const header: Row = template.columns.map((name) => ({ value: name, fontWeight: "bold", backgroundColor: "#DDEBF7" }));
  const rows: Row[] = asked.map((row) =>
    template.columns.map((name) => {
      const word = (row as Partial<Record<SubmissionColumn, string>>)[name];
      return word === undefined ? null : { value: word, type: String, format: "@" };
    }),
  );
  const lists = template.columns
    .map((name) => ({ name, list: wordsOf(words, name) }))
    .filter(({ list }) => list.length > 0);
  const depth = Math.max(0, ...lists.map(({ list }) => list.length));
  const listRows: Row[] = Array.from({ length: depth }, (_, i) =>
    lists.flatMap(({ list }) => {
      const word = list[i];
      return word === undefined ? [null, null] : [word.id, `${word.zh} ${word.en}`];
    }),
  );
  return writeXlsxFile(
    [
      {
        data: [header, ...rows],
        sheet: "figures",
        columns: template.columns.map(() => ({ width: 18 })),
        stickyRowsCount: 1,
      },
      { data: notes(filled).map((line) => [line]), sheet: "notes", columns: [{ width: 100 }] },
      { data: [lists.flatMap(({ name }) => [name, ""]), ...listRows], sheet: "words" },
    ],
    { features: [validation(template, lists)] },
  ).toBuffer();
}

function wordsOf(words: ColumnWords, name: SubmissionColumn): readonly Word[] {
  return (words as Partial<Record<SubmissionColumn, readonly Word[] | null>>)[name] ?? [];
}

/** Letters of a column, from 0. */
function letters(index: number): string {
  return index < 26 ? String.fromCharCode(65 + index) : letters(Math.floor(index / 26) - 1) + letters(index % 26);
}

/** What may take part in the writing of a workbook. */
type Feature = NonNullable<NonNullable<Parameters<typeof writeXlsxFile>[1]>["features"]>[number];

type Lists = readonly { readonly name: SubmissionColumn; readonly list: readonly Word[] }[];

/** Checks cells while they are filled in, and shows what a column is (ECMA-376 part 1, 18.3.1.32). */
function validation(template: SubmissionTemplate, lists: Lists): Feature {
  const rules = template.columns.map((name, i) => {
    const cells = { sqref: `${letters(i)}2:${letters(i)}${CHECKED_ROWS + 1}` };
    const prompt = { showInputMessage: 1, promptTitle: name, prompt: promptOf(name) };
    const isFigure = (template.figures as readonly string[]).includes(name);
    const at = lists.findIndex((it) => it.name === name);
    if (!isFigure && at < 0) return rule({ ...prompt, ...cells }, []);
    if (!isFigure) {
      const place = `words!$${letters(2 * at)}$2:$${letters(2 * at)}$${(lists[at]?.list.length ?? 0) + 1}`;
      return rule({ type: "list", allowBlank: 1, showErrorMessage: 1, ...prompt, ...cells }, [place]);
    }
    const operator = (name as FigureColumn) === "denominator" ? "greaterThan" : "greaterThanOrEqual";
    const type = template.whole ? "whole" : "decimal";
    return rule({ type, operator, allowBlank: 1, showErrorMessage: 1, ...prompt, ...cells }, ["0"]);
  });
  const markup = `<dataValidations count="${rules.length}">${rules.join("")}</dataValidations>`;
  return {
    files: {
      transform: {
        "xl/worksheets/sheet{id}.xml": {
          transform: (xml, _options, { sheetIndex }) =>
            sheetIndex === 0
              ? insertElementMarkupAccordingToOrderOfSiblings(
                  xml,
                  markup,
                  getOrderOfSiblings("xl/worksheets/sheet{id}.xml", "worksheet") as string[],
                  "worksheet",
                )
              : xml,
        },
      },
    },
  };
}

const promptOf = (name: SubmissionColumn) => `${SUBMISSION_COLUMNS[name].zh}; ${SUBMISSION_COLUMNS[name].en}`;

function rule(attributes: Record<string, string | number>, formulas: readonly string[]): string {
  const inside = formulas.map((text, i) => `<formula${i + 1}>${sanitizeTextContent(text)}</formula${i + 1}>`);
  return getOpeningTagMarkup("dataValidation", attributes) + inside.join("") + getClosingTagMarkup("dataValidation");
}
