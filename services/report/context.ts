import {
  ACCESS_TYPES,
  api,
  type Bilingual,
  FLOW_DIRECTIONS,
  INDICATOR_CLASSES,
  INDICATOR_DIMENSIONS,
  OBJECT_KINDS,
  OBSERVATION_POINTS,
  type ReportCell,
  type ReportLanguage,
  TECHNOLOGIES,
} from "@v6meter/schemas";
import type { Answers } from "./answers.ts";
import { changeOf, changeText, type FigureUnit, figureText, filled } from "./format.ts";
import { questions } from "./questions.ts";
import type { Scope } from "./scope.ts";
import { WORDS, type Word } from "./words.ts";

/** What composing needs: the scope, the answers, and one language. */
export interface Context extends Scope {
  readonly answers: Answers;
  readonly lang: ReportLanguage;
  /** When the questions were asked, milliseconds since 1970 UTC. */
  readonly askedAtMs: number;
  /** The text of a pair of texts. */
  text(pair: Bilingual): string;
  /** A word of the report's own, its places filled. */
  word(word: Word, values?: Readonly<Record<string, string | number>>): string;
  /** What a code of a grouping is called; the code itself where nobody names it. */
  label(grouping: string, code: string): string;
}

const VOCABULARIES: Readonly<Record<string, Readonly<Record<string, Bilingual>>>> = {
  dimension: INDICATOR_DIMENSIONS,
  class: INDICATOR_CLASSES,
  access: ACCESS_TYPES,
  direction: FLOW_DIRECTIONS,
  technology: TECHNOLOGIES,
  observation_point: OBSERVATION_POINTS,
  kind: OBJECT_KINDS,
  family: { 4: { zh: "IPv4", en: "IPv4" }, 6: { zh: "IPv6", en: "IPv6" } },
};

/** A context in one language. */
export function contextOf(scope: Scope, given: Pick<Context, "answers" | "lang" | "askedAtMs">): Context {
  const { answers, lang } = given;
  const registry = answers.read(questions.registry(), api.registry) ?? { regions: [], operators: [] };
  const named: Record<string, ReadonlyMap<string, Bilingual>> = {
    region: new Map(registry.regions.map((it) => [it.code, it])),
    operator: new Map(registry.operators.map((it) => [it.id, it])),
    exporter: exporterNames(answers),
  };
  return {
    ...scope,
    ...given,
    text: (pair) => pair[lang],
    word: (word, values) => filled(WORDS[word][lang], values),
    label: (grouping, code) => {
      const vocabulary = VOCABULARIES[grouping];
      const pair =
        named[grouping]?.get(code) ?? (vocabulary && Object.hasOwn(vocabulary, code) ? vocabulary[code] : null);
      if (pair) return pair[lang];
      return code === "unknown" ? WORDS.unknown[lang] : code;
    },
  };
}

function exporterNames(answers: Answers): ReadonlyMap<string, Bilingual> {
  const found = answers.read(questions.exporters(), api.exporters)?.exporters ?? [];
  return new Map(
    found.filter(({ name }) => name !== "").map(({ exporter, name }) => [exporter, { zh: name, en: name }]),
  );
}

export const textCell = (text: string): ReportCell => ({ text, value: null });

export function figureCell(value: number | null, unit: FigureUnit, more: Partial<ReportCell> = {}): ReportCell {
  return { text: figureText(value, unit), value, ...more };
}

/** How a figure changed, tinted good or bad by the direction of good. */
export function changeCell(
  { lang }: Pick<Context, "lang">,
  {
    now,
    before,
    unit,
    good,
    path,
  }: { now: number | null; before: number | null; unit: FigureUnit; good: string; path: string },
): ReportCell {
  const change = changeOf(now, before, unit);
  const text = changeText(change, unit, lang);
  if (change === null || change === 0 || good === "none") return { text, value: change, path };
  return { text, value: change, path, tone: change > 0 === (good === "higher") ? "good" : "bad" };
}
