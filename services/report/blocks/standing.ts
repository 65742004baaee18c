import { api, type ReportBlock, type TemplateBlock } from "@v6meter/schemas";
import { type Context, changeCell, figureCell, textCell } from "../context.ts";
import { questions } from "../questions.ts";
import { type BlockWriter, noRows } from "./block.ts";
import { bars } from "./charts.ts";

type Targets = Extract<TemplateBlock, { targets: unknown }>["targets"];
type Evaluations = Extract<TemplateBlock, { evaluations: unknown }>["evaluations"];

/** Targets of a scope, and how far they are. */
export const targets: BlockWriter<Targets> = {
  questions: () => [questions.targets()],
  compose: ({ title, scope, chart }, context) => {
    const { word } = context;
    const path = questions.targets();
    const heading = context.text(title);
    const all = (context.answers.read(path, api.targets)?.targets ?? []).filter((it) => it.scope === scope);
    if (all.length === 0) return [noRows(context, heading)];
    const told = all.filter(({ progress }) => progress !== null);
    const drawing = bars({
      id: `targets-${scope}-chart`,
      title: word("progress_title", { title: heading }),
      unit: "ratio",
      name: word("progress"),
      path,
      categories: told.map((it) => context.text(it)),
      values: told.map(({ progress }) => progress),
    });
    return [
      ...(chart && told.length > 0 ? [drawing] : []),
      {
        kind: "table",
        id: `targets-${scope}`,
        title: heading,
        note: word("no_figure"),
        columns: [
          { title: word("target"), unit: "none", width: 2 },
          { title: word("target_value"), unit: "none", path, width: 1.3 },
          { title: word("target_month"), unit: "none", width: 1.1 },
          { title: word("current"), unit: "none", path, width: 1.3 },
          { title: word("current_month"), unit: "none", width: 1.1 },
          { title: word("progress"), unit: "ratio", path, width: 1 },
          { title: word("outlook"), unit: "none", width: 1.6 },
        ],
        rows: all.map((it) => ({
          cells: [
            textCell(context.text(it)),
            figureCell(it.value, it.unit),
            textCell(it.by),
            figureCell(it.current?.value ?? null, it.unit),
            textCell(it.current?.month ?? ""),
            {
              ...figureCell(it.progress, "ratio"),
              ...(it.progress !== null && { shade: Math.min(1, Math.max(0, it.progress)) }),
            },
            { ...textCell(outlook(context, it)), ...toneOf(context, it) },
          ],
        })),
      },
    ];
  },
};

function outlook({ word, month }: Context, it: api.TargetProgressAnswer): string {
  if (it.current === null) return word("no_outlook");
  if (it.reached) return word("reached");
  if (it.by < month.name) return word("overdue");
  if (it.projected === null) return word("no_outlook");
  return word(it.in_time ? "in_time" : "late", { month: it.projected });
}

function toneOf({ month }: Context, it: api.TargetProgressAnswer): { tone?: "good" | "bad" } {
  if (it.current === null) return {};
  if (it.reached) return { tone: "good" };
  if (it.by < month.name) return { tone: "bad" };
  return it.in_time === null ? {} : { tone: it.in_time ? "good" : "bad" };
}

/** Scores and ranks by every rule in force. */
export const evaluations: BlockWriter<Evaluations> = {
  questions: (_, { rules, month }) => latest(rules).map(({ id }) => questions.evaluation(id, month)),
  compose: (_, context) => latest(context.rules).map((rule) => evaluation(context, rule)),
};

function latest(rules: api.Evaluations["rules"]): api.Evaluations["rules"] {
  return rules.filter(({ id, version }) => rules.every((other) => other.id !== id || other.version <= version));
}

function evaluation(context: Context, rule: api.Evaluations["rules"][number]): ReportBlock {
  const { word, lang } = context;
  const path = questions.evaluation(rule.id, context.month);
  const subjects = context.answers.read(path, api.evaluations)?.subjects ?? [];
  const heading = context.text(rule);
  if (subjects.length === 0) return noRows(context, heading);
  const items = subjects[0]?.items.map(({ indicator }) => indicator) ?? [];
  const penaltiesOf = (it: api.Evaluations["subjects"][number]) =>
    it.penalties.map((penalty) => `${context.text(penalty)} −${penalty.points}`).join(lang === "zh" ? "；" : "; ");
  return {
    kind: "table",
    id: `evaluation-${rule.id.replaceAll("_", "-")}`,
    title: heading,
    note: `${rule.source}. ${word("no_figure")}`,
    columns: [
      { title: word("rank"), unit: "count", path, width: 0.6 },
      { title: word("subject"), unit: "none", width: 1.2 },
      { title: word("score"), unit: "points", path, width: 0.8 },
      { title: word("score_before"), unit: "points", path, width: 1 },
      { title: word("change"), unit: "points", path, width: 1 },
      ...items.map((id) => ({
        title: context.indicators.get(id)?.[lang] ?? id,
        unit: "points" as const,
        path,
        width: 1.25,
      })),
      { title: word("penalties"), unit: "none", width: 1.4 },
    ],
    rows: subjects.map((it) => ({
      cells: [
        figureCell(it.rank, "count"),
        textCell(context.label(rule.subject, it.subject)),
        figureCell(it.score, "points"),
        figureCell(it.previous_score, "points"),
        changeCell(context, { now: it.score, before: it.previous_score, unit: "points", good: "higher", path }),
        ...items.map((id) => figureCell(it.items.find(({ indicator }) => indicator === id)?.points ?? null, "points")),
        textCell(penaltiesOf(it)),
      ],
    })),
  };
}
