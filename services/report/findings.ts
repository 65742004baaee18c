import { api, type IndicatorGrouping } from "@v6meter/schemas";
import type { Context } from "./context.ts";
import { type FigureUnit, grouped, percent } from "./format.ts";
import { monthsFrom } from "./month.ts";
import { questions } from "./questions.ts";
import type { Scope } from "./scope.ts";

/** What the quality of a month's data rests on. */
export interface DataQuality {
  /** Flow records of each exporter in the month, and in the month before. */
  readonly records: ReadonlyMap<string, number>;
  readonly recordsBefore: ReadonlyMap<string, number>;
  /** Exporters of the month before that sent nothing in this one. */
  readonly missing: readonly string[];
  readonly completeness: number | null;
}

const BY_EXPORTER: readonly IndicatorGrouping[] = ["exporter"];

/** A problem of the data, with what is to be done about it. */
export interface Finding {
  readonly text: string;
  readonly path: string;
}

/** The questions behind findings and quality. */
export function qualityQuestions({ month }: Pick<Scope, "month">): string[] {
  return [
    questions.indicator("flow_records", month, BY_EXPORTER),
    questions.indicator("flow_records", monthsFrom(month, -1), BY_EXPORTER),
    questions.indicator("export_loss", month, BY_EXPORTER),
    questions.indicator("unknown_sampling_share", month, BY_EXPORTER),
    questions.indicator("unknown_sampling_share", month),
    questions.indicator("excluded_share", month),
    questions.indicator("traffic_share", month),
    questions.activeUsers(month, []),
    questions.activeUsers(month, ["operator"]),
    questions.exporters(),
  ];
}

/** Figures of an indicator by exporter; what has none is left out. */
export function byExporter({ answers }: Pick<Context, "answers">, path: string): ReadonlyMap<string, number> {
  const rows = answers.read(path, api.indicatorFigures)?.rows ?? [];
  return new Map(
    rows.flatMap(({ exporter, value }) => (exporter === undefined || value === null ? [] : [[exporter, value]])),
  );
}

export function qualityOf(context: Context): DataQuality {
  const { answers, month } = context;
  const sent = (months: number) => {
    const found = byExporter(context, questions.indicator("flow_records", monthsFrom(month, months), BY_EXPORTER));
    return new Map([...found].filter(([, records]) => records > 0));
  };
  const records = sent(0);
  const recordsBefore = sent(-1);
  return {
    records,
    recordsBefore,
    missing: [...recordsBefore.keys()].filter((exporter) => !records.has(exporter)).sort(),
    completeness:
      answers.read(questions.indicator("traffic_share", month), api.indicatorFigures)?.total.completeness ?? null,
  };
}

/** A figure that the quality of the data is told by, and whether it is a problem. */
export interface Measure extends Finding {
  /** What is measured, and of which exporter: the same in every month. */
  readonly key: string;
  /** null: the month has no figure to tell it by. */
  readonly bad: boolean | null;
  readonly value: number | null;
  readonly unit: FigureUnit;
  /** Indicator whose owner answers for it. */
  readonly indicator: string;
}

/** What is wrong with the month's data, the province first, then exporter by exporter. */
export function findingsOf(context: Context): Finding[] {
  const bad = measuresOf(context).filter((it) => it.bad === true);
  return [...bad.map(({ text, path }) => ({ text, path })), ...clocksOff(context)];
}

/** Everything the data of the context's month is judged by, but for clocks, which are not kept by month. */
export function measuresOf(context: Context): Measure[] {
  return [...ofTheProvince(context), ...ofExporters(context)];
}

function ofTheProvince(context: Context): Measure[] {
  const { answers, month, word, template } = context;
  const { limits } = template;
  const say = (ratio: number, limit: number) => ({ ratio: percent(ratio), limit: percent(limit, 0) });
  const total = (id: string) => {
    const path = questions.indicator(id, month);
    return { path, found: answers.read(path, api.indicatorFigures)?.total ?? null };
  };
  const above = (id: string, limit: number, text: "finding_sampling_all" | "finding_excluded"): Measure => {
    const { path, found } = total(id);
    const value = found?.value ?? null;
    const bad = value === null ? null : value > limit;
    return { key: id, bad, text: word(text, say(value ?? 0, limit)), value, unit: "ratio", path, indicator: id };
  };
  const { completeness } = qualityOf(context);
  const usersPath = questions.activeUsers(month, []);
  const users = answers.read(usersPath, api.activeUsers)?.total ?? null;
  const coverage = users?.coverage ?? null;
  const untold = users !== null && !users.suppressed && users.users === null;
  return [
    {
      key: "completeness",
      bad: completeness === null ? null : completeness < limits.completeness_ratio,
      text: word("finding_completeness", say(completeness ?? 0, limits.completeness_ratio)),
      value: completeness,
      unit: "ratio",
      path: total("traffic_share").path,
      indicator: "export_loss",
    },
    above("unknown_sampling_share", limits.unknown_sampling_ratio, "finding_sampling_all"),
    above("excluded_share", limits.excluded_ratio, "finding_excluded"),
    {
      key: "coverage",
      bad: untold || (coverage === null ? null : coverage < limits.coverage_ratio),
      text: untold ? word("finding_no_users") : word("finding_coverage", say(coverage ?? 0, limits.coverage_ratio)),
      value: coverage,
      unit: "ratio",
      path: usersPath,
      indicator: "active_connections",
    },
  ];
}

/** What an exporter is called, and its address. */
function exporterName({ label }: Context, exporter: string): string {
  const called = label("exporter", exporter);
  return called === exporter ? exporter : `${called} (${exporter})`;
}

/** Key of the measure whether an exporter that is known sends anything; where it is not measured, it still does not. */
export const SILENT = "silent";

function ofExporters(context: Context): Measure[] {
  const { month, word, template } = context;
  const { export_loss_ratio, unknown_sampling_ratio } = template.limits;
  const { records, recordsBefore } = qualityOf(context);
  const path = questions.indicator("flow_records", month, BY_EXPORTER);
  const beforePath = questions.indicator("flow_records", monthsFrom(month, -1), BY_EXPORTER);
  const silence = [...new Set([...recordsBefore.keys(), ...records.keys()])].sort().map(
    (exporter): Measure => ({
      key: `${SILENT} ${exporter}`,
      bad: !records.has(exporter),
      text: word("finding_missing", { exporter: exporterName(context, exporter) }),
      value: records.get(exporter) ?? null,
      unit: "records",
      path: records.has(exporter) ? path : beforePath,
      indicator: "flow_records",
    }),
  );
  const above = (id: string, limit: number, text: "finding_loss" | "finding_sampling") => {
    const asked = questions.indicator(id, month, BY_EXPORTER);
    return [...byExporter(context, asked)].map(([exporter, value]): Measure => {
      const words = { exporter: exporterName(context, exporter), ratio: percent(value), limit: percent(limit, 0) };
      const key = `${id} ${exporter}`;
      return { key, bad: value > limit, text: word(text, words), value, unit: "ratio", path: asked, indicator: id };
    });
  };
  return [
    ...silence,
    ...above("export_loss", export_loss_ratio, "finding_loss"),
    ...above("unknown_sampling_share", unknown_sampling_ratio, "finding_sampling"),
  ];
}

function clocksOff(context: Context): Finding[] {
  return (context.answers.read(questions.exporters(), api.exporters)?.exporters ?? []).flatMap((it) => {
    if (!it.clock_off) return [];
    const seconds = grouped((it.clock_offset_ms ?? 0) / 1_000, 1);
    const text = context.word("finding_clock", { exporter: exporterName(context, it.exporter), seconds });
    return [{ text, path: questions.exporters() }];
  });
}
