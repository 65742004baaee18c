import {
  api,
  Fault,
  type IndicatorGrouping,
  type ReportSnapshot,
  type ReportTemplate,
  type TemplateBlock,
} from "@v6meter/schemas";
import type { Answers } from "./answers.ts";
import type { Month } from "./month.ts";
import { questions } from "./questions.ts";

/** What a report is about: the template, the month, and what the platform knows indicators and rules for. */
export interface Scope {
  readonly template: ReportTemplate;
  readonly month: Month;
  /** The frozen state of the month that answers; null: live. */
  readonly snapshot: ReportSnapshot | null;
  readonly indicators: ReadonlyMap<string, api.IndicatorDescription>;
  readonly rules: api.Evaluations["rules"];
  /** Indicators that some block of the template names. */
  readonly named: ReadonlySet<string>;
}

/** What must be known before the other questions can be listed. */
export const FIRST_QUESTIONS: readonly string[] = [questions.indicators(), questions.registry(), questions.rules()];

/** Reads the scope from the answers to the first questions. Throws FORBIDDEN where the catalogue is not open. */
export function scopeOf(
  { template, month, snapshot }: Pick<Scope, "template" | "month" | "snapshot">,
  answers: Answers,
): Scope {
  const catalogue = answers.read(questions.indicators(), api.indicators);
  if (!catalogue) throw new Fault("FORBIDDEN", "The key does not open the catalogue of indicators.");
  return {
    template,
    month,
    snapshot,
    indicators: new Map(catalogue.indicators.map((it) => [it.id, it])),
    rules: answers.read(questions.rules(), api.evaluations)?.rules ?? [],
    named: namedBy(template),
  };
}

function idsOf(block: TemplateBlock): readonly string[] {
  if ("sentences" in block) return block.sentences.of;
  if ("figures" in block) return block.figures.of;
  if ("trend" in block) return block.trend.of;
  if ("days" in block) return block.days.of;
  if ("ranking" in block) return [block.ranking.of];
  if ("matrix" in block) return [block.matrix.of];
  if ("tiles" in block) return [block.tiles.of];
  if ("shortfalls" in block) return [block.shortfalls.of, ...block.shortfalls.parts];
  return [];
}

function namedBy({ headlines, sections }: ReportTemplate): ReadonlySet<string> {
  return new Set([...headlines, ...sections.flatMap(({ blocks }) => blocks.flatMap(idsOf))]);
}

/** An indicator by its id. Throws CONFIG_INVALID for one that is not in the catalogue. */
export function indicatorOf({ indicators }: Pick<Scope, "indicators">, id: string): api.IndicatorDescription {
  const found = indicators.get(id);
  if (!found) throw new Fault("CONFIG_INVALID", `The report names ${id}, which is no indicator of the catalogue.`);
  return found;
}

/** Whether an indicator can be told by these groupings. */
export function allows({ by }: api.IndicatorDescription, groupings: readonly IndicatorGrouping[]): boolean {
  return groupings.every((grouping) => by.includes(grouping));
}

/** The indicators of a dimension that no block names, by id. */
export function othersOf({ indicators, named }: Scope, dimension: api.IndicatorDescription["dimension"]) {
  return [...indicators.values()]
    .filter((it) => it.dimension === dimension && !named.has(it.id))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}
