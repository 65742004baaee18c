import { api, type IndicatorGrouping } from "@v6meter/schemas";
import type { Context } from "./context.ts";
import { grouped, percent } from "./format.ts";
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

/** What is wrong with the month's data, the province first, then exporter by exporter. */
export function findingsOf(context: Context): Finding[] {
  return [...ofTheProvince(context), ...ofExporters(context)];
}

function ofTheProvince(context: Context): Finding[] {
  const { answers, month, word, template } = context;
  const { limits } = template;
  const found: Finding[] = [];
  const total = (id: string) => {
    const path = questions.indicator(id, month);
    return { path, value: answers.read(path, api.indicatorFigures)?.total.value ?? null };
  };
  const { completeness } = qualityOf(context);
  const say = (ratio: number, limit: number) => ({ ratio: percent(ratio), limit: percent(limit, 0) });
  if (completeness !== null && completeness < limits.completeness_ratio)
    found.push({
      text: word("finding_completeness", say(completeness, limits.completeness_ratio)),
      path: total("traffic_share").path,
    });
  const sampling = total("unknown_sampling_share");
  if (sampling.value !== null && sampling.value > limits.unknown_sampling_ratio)
    found.push({
      text: word("finding_sampling_all", say(sampling.value, limits.unknown_sampling_ratio)),
      path: sampling.path,
    });
  const excluded = total("excluded_share");
  if (excluded.value !== null && excluded.value > limits.excluded_ratio)
    found.push({ text: word("finding_excluded", say(excluded.value, limits.excluded_ratio)), path: excluded.path });
  const usersPath = questions.activeUsers(month, []);
  const users = answers.read(usersPath, api.activeUsers)?.total;
  if (users && !users.suppressed && users.users === null)
    found.push({ text: word("finding_no_users"), path: usersPath });
  else if (users && users.coverage !== null && users.coverage < limits.coverage_ratio)
    found.push({ text: word("finding_coverage", say(users.coverage, limits.coverage_ratio)), path: usersPath });
  return found;
}

function ofExporters(context: Context): Finding[] {
  const { answers, month, word, template, label } = context;
  const { export_loss_ratio, unknown_sampling_ratio } = template.limits;
  const found: Finding[] = [];
  const { missing } = qualityOf(context);
  const name = (exporter: string) => {
    const called = label("exporter", exporter);
    return called === exporter ? exporter : `${called} (${exporter})`;
  };
  const beforePath = questions.indicator("flow_records", monthsFrom(month, -1), BY_EXPORTER);
  for (const exporter of missing)
    found.push({ text: word("finding_missing", { exporter: name(exporter) }), path: beforePath });
  const above = (id: string, limit: number, text: "finding_loss" | "finding_sampling") => {
    const path = questions.indicator(id, month, BY_EXPORTER);
    for (const [exporter, ratio] of byExporter(context, path))
      if (ratio > limit)
        found.push({
          text: word(text, { exporter: name(exporter), ratio: percent(ratio), limit: percent(limit, 0) }),
          path,
        });
  };
  above("export_loss", export_loss_ratio, "finding_loss");
  above("unknown_sampling_share", unknown_sampling_ratio, "finding_sampling");
  for (const it of answers.read(questions.exporters(), api.exporters)?.exporters ?? [])
    if (it.clock_off)
      found.push({
        text: word("finding_clock", {
          exporter: name(it.exporter),
          seconds: grouped((it.clock_offset_ms ?? 0) / 1_000, 1),
        }),
        path: questions.exporters(),
      });
  return found;
}
