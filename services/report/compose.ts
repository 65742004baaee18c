import { api, type ReportDocument, type ReportLanguage, type ReportTemplate } from "@v6meter/schemas";
import { Answers, type OnProgress } from "./answers.ts";
import { blockQuestions, composeBlock } from "./blocks/index.ts";
import { type Context, changeCell, contextOf, figureCell, textCell } from "./context.ts";
import { qualityOf, qualityQuestions } from "./findings.ts";
import { filled, percent } from "./format.ts";
import { monthIn, type Source } from "./frozen.ts";
import type { Month } from "./month.ts";
import { monthFigure, monthFigureQuestions } from "./month-figure.ts";
import { questions } from "./questions.ts";
import { FIRST_QUESTIONS, type Scope, scopeOf } from "./scope.ts";

/** A month asked for: everything its report says in any language and format. */
export interface Gathered {
  readonly scope: Scope;
  readonly answers: Answers;
  readonly askedAs: Source["askedAs"];
  readonly askedAtMs: number;
}

/** Asks everything the template needs. Throws what the API answers, but for questions that are not allowed. */
export async function gather(
  { ask, snapshot, askedAs }: Source,
  {
    template,
    month,
    nowMs,
    onProgress,
  }: { template: ReportTemplate; month: Month; nowMs: number; onProgress?: OnProgress },
): Promise<Gathered> {
  const answers = new Answers(ask);
  await answers.ask(FIRST_QUESTIONS);
  const scope = scopeOf({ template, month, snapshot }, answers);
  const blocks = template.sections.flatMap((section) => section.blocks);
  const paths = [
    ...qualityQuestions(scope),
    ...template.headlines.flatMap((id) => monthFigureQuestions(scope, id)),
    ...blocks.flatMap((block) => blockQuestions(block, scope)),
  ];
  await answers.ask(paths, onProgress);
  return { scope, answers, askedAs, askedAtMs: nowMs };
}

/** The report of a month in one language; the same answers give the same document. */
export function compose({ scope, ...gathered }: Gathered, lang: ReportLanguage): ReportDocument {
  const context = contextOf(scope, { ...gathered, lang });
  const { template, month, word } = context;
  const [year = "", number = ""] = month.name.split("-");
  const places = {
    province: context.text(template.province),
    year,
    month: Number(number),
    month_name: MONTH_NAMES[Number(number) - 1] ?? "",
  };
  const document: ReportDocument = {
    month: month.name,
    lang,
    title: filled(context.text(template.title), places),
    subtitle: filled(context.text(template.subtitle), places),
    snapshot: scope.snapshot,
    facts: factsOf(context),
    grade: gradeOf(context),
    notices: noticesOf(context),
    headlines: template.headlines.map((id) => {
      const figure = monthFigure(context, id);
      const { unit, good } = figure.indicator;
      const change = (before: number | null) =>
        changeCell(context, { now: figure.value, before, unit, good, path: figure.trendPath });
      return {
        id,
        name: context.text(figure.indicator),
        cell: figure.suppressed ? textCell(word("suppressed")) : figureCell(figure.value, unit),
        path: figure.path,
        changes: [
          { label: word("month_before"), cell: change(figure.before) },
          { label: word("year_before"), cell: change(figure.yearBefore) },
        ],
      };
    }),
    sections: template.sections.map((section, at) => ({
      id: section.id,
      number: lang === "zh" ? `${CHINESE_NUMBERS[at] ?? at + 1}、` : `${at + 1}. `,
      title: context.text(section),
      blocks: section.blocks.flatMap((block) => composeBlock(block, context)),
    })),
    labels: { contents: word("contents"), source: word("source"), page: word("page"), none: word("no_figure") },
  };
  return withPaths(document, gathered.askedAs);
}

/** A document whose questions name the snapshots that answered them. */
function withPaths<T>(part: T, askedAs: Source["askedAs"]): T {
  if (Array.isArray(part)) return part.map((it) => withPaths(it, askedAs)) as T;
  if (part === null || typeof part !== "object") return part;
  return Object.fromEntries(
    Object.entries(part).map(([name, it]) => [
      name,
      name === "path" && typeof it === "string" ? askedAs(it) : withPaths(it, askedAs),
    ]),
  ) as T;
}

const CHINESE_NUMBERS = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"];
const MONTH_NAMES = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** The moment up to which the figures reach. */
function cutMs({ month, snapshot, askedAtMs }: Context): number {
  return snapshot ? Date.parse(snapshot.taken_at) : Math.min(askedAtMs, month.toMs);
}

const shown = (atMs: number) => api.instantText(atMs).slice(0, 16).replace("T", " ");

function gradeOf(context: Context): string {
  const { completeness } = qualityOf(context);
  const found = context.template.grades.find((it) => completeness !== null && completeness >= it.completeness_ratio);
  return found && completeness !== null
    ? context.word("quality_text", { grade: context.text(found), ratio: percent(completeness) })
    : context.word("no_grade");
}

function factsOf(context: Context): ReportDocument["facts"] {
  const { word, month } = context;
  const { records, recordsBefore } = qualityOf(context);
  return [
    { label: word("period"), text: `${shown(month.fromMs)} – ${shown(month.toMs)} (UTC+8)` },
    { label: word("data_cut"), text: `${shown(cutMs(context))} (UTC+8)` },
    { label: word("version"), text: versionText(context) },
    { label: word("exporters_count"), text: word("exporters_text", { now: records.size, before: recordsBefore.size }) },
    { label: word("coverage_users"), text: coverageOf(context) },
    { label: word("quality"), text: gradeOf(context) },
  ];
}

/** What part of the active prefixes was seen with a session. */
function coverageOf({ answers, month, word }: Context): string {
  const total = answers.read(questions.activeUsers(month, []), api.activeUsers)?.total;
  return total?.coverage === null || total === undefined ? word("no_sessions") : percent(total.coverage);
}

function versionText({ snapshot, word }: Context): string {
  if (snapshot === null) return word("live");
  const { published_at: published } = snapshot;
  const state = published === null ? word("draft") : word("published", { at: shown(Date.parse(published)) });
  return word("frozen", { id: snapshot.id, version: snapshot.version, state });
}

/** Operators whose prefixes were active and whose users nobody told. */
function noAccounting({ answers, month, lang, word, label }: Context): string[] {
  const rows = answers.read(questions.activeUsers(month, ["operator"]), api.activeUsers)?.rows ?? [];
  const untold = rows
    .filter(({ users, suppressed, operator = "unknown" }) => users === null && !suppressed && operator !== "unknown")
    .map(({ operator = "" }) => label("operator", operator))
    .sort();
  if (untold.length === 0) return [];
  return [word("notice_no_accounting", { operators: untold.join(lang === "zh" ? "、" : ", ") })];
}

/** What must be said before any figure. */
function noticesOf(context: Context): string[] {
  const { answers, month, askedAtMs, snapshot, template, word } = context;
  const { missing, recordsBefore } = qualityOf(context);
  const traffic = answers.read(questions.indicator("traffic_share", month), api.indicatorFigures)?.total;
  const isMissing =
    missing.length > 0 && missing.length / recordsBefore.size >= template.limits.missing_exporters_ratio;
  return [
    ...(month.toMs > askedAtMs ? [word("notice_unfinished", { at: shown(askedAtMs) })] : []),
    ...((traffic?.value ?? null) === null ? [word("notice_no_data")] : []),
    ...(isMissing ? [word("notice_exporters", { known: recordsBefore.size, missing: missing.length })] : []),
    ...noAccounting(context),
    ...(snapshot === null ? [word("notice_live")] : []),
    ...(snapshot !== null && snapshot.version > 1 ? [word("notice_restated", { version: snapshot.version })] : []),
    // Another month that was not kept is a comparison without a figure, which its cells say.
    ...answers
      .unanswered()
      .filter(({ path }) => (monthIn(path) ?? month.name) === month.name)
      .map((it) => word("finding_unasked", { ...it })),
  ];
}
