/** Figures that change by more than this part of last month's are to be confirmed. */
export const JUMP_RATIO = 0.5;

/** Rows of one submission, and messages of one answer; the counts beside them are of all. */
export const SUBMISSION_MAX_ROWS = 5_000;
export const SUBMISSION_MAX_MESSAGES = 500;

/** Bytes of an XLSX file once it is inflated, and how long reading it may take. */
export const WORKBOOK_MAX_BYTES = 16_777_216;
export const WORKBOOK_MAX_MS = 20_000;

/**
 * What can be wrong in a submission: an error keeps it a draft, a warning must be confirmed. {found} and {allowed} stand
 * for what is in the cell and what may be.
 */
export const SUBMISSION_CHECKS = {
  column_unknown: {
    severity: "error",
    zh: "列 {found} 未知或重复；允许：{allowed}",
    en: "column {found} is unknown or given twice; allowed are {allowed}",
  },
  column_missing: { severity: "error", zh: "缺少列 {allowed}", en: "column {allowed} is missing" },
  rows_missing: { severity: "error", zh: "没有数据行", en: "there is no row of figures" },
  cell_missing: { severity: "error", zh: "单元格为空；允许：{allowed}", en: "the cell is empty; allowed is {allowed}" },
  number_invalid: {
    severity: "error",
    zh: "{found} 不是数值；允许：{allowed}",
    en: "{found} is no number; allowed is {allowed}",
  },
  not_whole: {
    severity: "error",
    zh: "{found} 不是整数；该指标为计数，只允许整数",
    en: "{found} is not whole; allowed are whole numbers, as things are counted",
  },
  out_of_range: {
    severity: "error",
    zh: "{found} 超出范围；允许：{allowed}",
    en: "{found} is out of range; allowed is {allowed}",
  },
  word_unknown: {
    severity: "error",
    zh: "{found} 未登记；允许：{allowed}",
    en: "{found} is not known; allowed are {allowed}",
  },
  operator_foreign: {
    severity: "error",
    zh: "{found} 不是本单位；允许：{allowed}",
    en: "{found} is another operator; allowed is {allowed}",
  },
  duplicate: { severity: "error", zh: "与第 {found} 行重复", en: "row {found} is of the same words" },
  jump: {
    severity: "warning",
    zh: "数值 {found}，上月为 {allowed}，变化超过上限，请确认",
    en: "the figure is {found} and was {allowed} the month before: please confirm",
  },
  combination_missing: {
    severity: "warning",
    zh: "缺少 {allowed} 的数据，请确认",
    en: "there is no figure of {allowed}: please confirm",
  },
} as const satisfies Record<string, { severity: "error" | "warning"; zh: string; en: string }>;
export type SubmissionCheck = keyof typeof SUBMISSION_CHECKS;
