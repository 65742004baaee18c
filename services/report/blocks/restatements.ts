import { api, type ReportBlock, type ReportCell, type TemplateBlock } from "@v6meter/schemas";
import { z } from "zod";
import { type Context, figureCell, textCell } from "../context.ts";
import { type FigureUnit, figureText } from "../format.ts";
import { asOf } from "../frozen.ts";
import { questions } from "../questions.ts";
import type { Scope } from "../scope.ts";
import type { Word } from "../words.ts";
import type { BlockWriter } from "./block.ts";

type Restatements = Extract<TemplateBlock, { restatements: unknown }>["restatements"];

/** What is needed of a version as the API lists it. */
const listed = z.object({ snapshots: z.array(api.snapshot.pick({ id: true, taken_at: true, reason: true })) });

/** Versions of the month up to the report's that restated the one before them. */
function restatedIds({ month, snapshot }: Pick<Scope, "month" | "snapshot">): string[] {
  return Array.from({ length: (snapshot?.version ?? 1) - 1 }, (_, at) => `${month.name}-v${at + 2}`);
}

interface Kind {
  readonly name: (context: Context, question: string) => string;
  readonly unit: (context: Context, question: string) => FigureUnit;
}
const of = (word: Word, unit: FigureUnit): Kind => ({ name: (context) => context.word(word), unit: () => unit });
const indicatorIn = ({ indicators }: Context, question: string) =>
  indicators.get(question.split("?")[0]?.split("/").at(-1) ?? "");

/** The figures of the report's tables, by route and member of the answer; what is computed from them is not told twice. */
const FIGURES: readonly (readonly [route: RegExp, field: RegExp, kind: Kind])[] = [
  [
    /^\/api\/v1\/indicators\/\w+\?(?!.*interval=)/,
    /^(total\.)?value$/,
    {
      name: (context, question) => context.text(indicatorIn(context, question) ?? { zh: question, en: question }),
      unit: (context, question) => indicatorIn(context, question)?.unit ?? "none",
    },
  ],
  [/^\/api\/v1\/users\/active\?/, /^(total\.)?users$/, of("users", "connections")],
  [/^\/api\/v1\/users\/active\?/, /^(total\.)?active_prefixes$/, of("prefixes", "prefixes")],
  [/^\/api\/v1\/users\/assigned\?/, /^(total\.)?users$/, of("assigned", "connections")],
  [/^\/api\/v1\/users\/dual-stack\?/, /^(total\.)?assigned\.users$/, of("dual_stack_assigned", "connections")],
  [/^\/api\/v1\/users\/dual-stack\?/, /^(total\.)?active\.users$/, of("dual_stack_active", "connections")],
  [/^\/api\/v1\/users\/private-ipv4\?/, /^(total\.)?only\.users$/, of("private_only", "connections")],
  [/^\/api\/v1\/users\/private-ipv4\?/, /^(total\.)?private_share$/, of("private_share", "ratio")],
  [/^\/api\/v1\/users\/home-routers\?/, /^(total\.)?share$/, of("home_router_share", "ratio")],
  [/^\/api\/v1\/users\/preference\?/, /^(total\.)?v6_share$/, of("v6_preference", "ratio")],
  [/^\/api\/v1\/users\/preference\?/, /^(total\.)?preferring_v4\.value$/, of("preferring_v4", "ratio")],
  [/^\/api\/v1\/users\/retention\?/, /^(total\.)?retained\.value$/, of("retained", "ratio")],
  [/^\/api\/v1\/evaluations\?/, /^score$/, of("score", "points")],
  [/^\/api\/v1\/evaluations\?/, /^rank$/, of("rank", "count")],
  [/^\/api\/v1\/traffic\/interconnect\?/, /^(total\.)?share$/, of("share", "ratio")],
  [/^\/api\/v1\/traffic\/interconnect\?/, /^(total\.)?total_bytes$/, of("bytes", "bytes")],
  [/^\/api\/v1\/objects\/traffic\?/, /^share$/, of("share", "ratio")],
  [/^\/api\/v1\/objects\/traffic\?/, /^total_bytes$/, of("bytes", "bytes")],
];

/** A difference that a table shows: a row suppressed in either version is one of whichever figure it has. */
function kindOf({ question, field, suppressed }: api.SnapshotDifference): Kind | undefined {
  return FIGURES.find(([route, member]) => route.test(question) && (suppressed || member.test(field)))?.[2];
}

/** A total stands in the answers by every grouping, and as the one row where nothing is grouped: it is told as what it is. */
function isToldOnce({ question, field }: api.SnapshotDifference): boolean {
  if (!/^\/api\/v1\/(indicators|users)\//.test(question)) return true;
  return /^total(\.|$)/.test(field) !== /[?&]by=/.test(question);
}

/** The words of a row as readers know them. */
function rowText(context: Context, { row }: api.SnapshotDifference): string {
  const told = [...row.matchAll(/(\w+)=(.*?)(?= \w+=| \/ |$)/g)].map(([, name = "", code = ""]) =>
    name === "subject" || name === "group" ? subjectText(context, code) : context.label(name, code),
  );
  return told.join(" · ") || context.word("total");
}

function subjectText(context: Context, code: string): string {
  for (const grouping of ["region", "operator", "industry"]) {
    const label = context.label(grouping, code);
    if (label !== code) return label;
  }
  return code;
}

/** Which state of the month the figures are of, and what each restatement changed. */
export const restatements: BlockWriter<Restatements> = {
  questions: (_, scope) => {
    const ids = restatedIds(scope);
    return ids.length === 0 ? [] : [questions.snapshots(scope.month.name), ...ids.map(questions.differences)];
  },
  compose: (block, context) => {
    const { snapshot, word } = context;
    if (snapshot === null) return [plain(word("not_frozen"))];
    const { id, version, taken_at } = snapshot;
    const ids = restatedIds(context);
    return [
      plain(word("frozen_text", { id, version, taken_at }), ...(ids.length === 0 ? [word("not_restated")] : [])),
      ...ids.flatMap((it) => restatement(block, context, it)),
    ];
  },
};

const plain = (...texts: string[]): ReportBlock => ({
  kind: "text",
  tone: "plain",
  paragraphs: texts.map((text) => ({ text })),
});

function restatement({ title, most_rows }: Restatements, context: Context, id: string): ReportBlock[] {
  const { answers, word, month, lang } = context;
  const path = questions.differences(id);
  const found = answers.read(path, api.snapshotDifferences);
  const about = answers.read(questions.snapshots(month.name), listed)?.snapshots.find((it) => it.id === id);
  if (!found || found.previous === null) return [];
  const shown = found.differences.flatMap((it) => {
    const kind = kindOf(it);
    return kind && isToldOnce(it) && answers.has(it.question) ? [{ it, kind }] : [];
  });
  const words = { version: id.split("-v")[1] ?? "", taken_at: (about?.taken_at ?? "").slice(0, 16).replace("T", " ") };
  const why = { "late data": "reason_late", "asked for": "reason_asked" } as const;
  const reason = about?.reason ?? "";
  const reasonText = Object.hasOwn(why, reason) ? word(why[reason as keyof typeof why]) : reason;
  const text = word("restated_text", {
    ...words,
    reason: reasonText,
    all: found.differences.length,
    shown: shown.length,
  });
  const paragraphs = [{ text, path }];
  if (shown.length > most_rows) paragraphs.push({ text: word("restated_more", { most: most_rows }), path });
  if (shown.length === 0) return [{ kind: "text", tone: "plain", paragraphs }];
  const { previous } = found;
  const cell = (value: string | number | null, unit: FigureUnit, asked: string, hidden: boolean): ReportCell => {
    if (hidden) return textCell(word("suppressed"));
    return figureCell(value === null ? null : Number(value), unit, { value, path: asked });
  };
  return [
    { kind: "text", tone: "plain", paragraphs },
    {
      kind: "table",
      id: `restated-v${words.version}`,
      title: `${context.text(title)}${lang === "zh" ? "：" : ": "}${id}`,
      columns: [
        { title: word("indicator"), unit: "none", width: 2.6 },
        { title: word("scope"), unit: "none", width: 2 },
        { title: word("restated_before"), unit: "none", width: 1.4 },
        { title: word("restated_after"), unit: "none", width: 1.4 },
        { title: word("difference"), unit: "none", path, width: 1.4 },
      ],
      rows: shown.slice(0, most_rows).map(({ it, kind }) => {
        const unit = kind.unit(context, it.question);
        return {
          cells: [
            textCell(kind.name(context, it.question)),
            textCell(rowText(context, it)),
            cell(it.old, unit, asOf(it.question, previous), it.suppressed),
            cell(it.new, unit, asOf(it.question, id), it.suppressed),
            { text: differenceText(context, it.difference, unit), value: it.difference },
          ],
        };
      }),
    },
  ];
}

function differenceText({ lang }: Context, difference: number | null, unit: FigureUnit): string {
  const sign = difference !== null && difference > 0 ? "+" : "";
  if (unit !== "ratio" || difference === null) return sign + figureText(difference, unit);
  return `${sign}${figureText(difference, "pp")}${lang === "zh" ? "个百分点" : " pp"}`;
}
