import { api, type TemplateBlock } from "@v6meter/schemas";
import type { Context } from "./context.ts";
import { figureText } from "./format.ts";
import { type Month, monthsFrom } from "./month.ts";
import { questions } from "./questions.ts";

export type Shortfalls = Extract<TemplateBlock, { shortfalls: unknown }>["shortfalls"];
type Registered = api.Objects["objects"][number];

/** An object and the figure that is asked of it. */
export interface Measured {
  readonly id: string;
  readonly name: string;
  /** What is registered of it; undefined where a unit told of an object that no file names any more. */
  readonly object: Registered | undefined;
  readonly value: number;
}

/** How the objects of some kinds stand in a month against the figure that is asked for. */
export interface Standing {
  readonly indicator: api.IndicatorDescription;
  readonly path: string;
  /** Objects with a figure, the worst first. */
  readonly told: readonly Measured[];
  readonly registered: readonly Registered[];
}

/** The questions behind a standing of a month. */
export function standingQuestions({ of }: Shortfalls, month: Month): string[] {
  return [questions.objects(), questions.indicator(of, month, ["object"])];
}

/** What is asked of the parts of objects. */
export function partQuestions({ parts }: Shortfalls, month: Month): string[] {
  return parts.map((id) => questions.indicator(id, month, ["object"]));
}

/** Reads a standing; null where the question was not answered, as by a snapshot older than the indicator. */
export function standingOf(context: Context, { of, kinds }: Shortfalls, month: Month): Standing | null {
  const { answers, indicators } = context;
  const path = questions.indicator(of, month, ["object"]);
  const indicator = indicators.get(of);
  const rows = answers.read(path, api.indicatorFigures)?.rows;
  const all = answers.read(questions.objects(), api.objects)?.objects;
  if (!indicator || !rows || !all) return null;
  const known = new Map(all.map((it) => [it.id, it]));
  const told = rows.flatMap(({ object: id, value }) => {
    const object = known.get(id ?? "");
    if (id === undefined || value === null || (object && !kinds.includes(object.kind))) return [];
    return [{ id, object, name: object ? context.text(object) : id, value }];
  });
  return {
    indicator,
    path,
    told: told.sort((a, b) => a.value - b.value || (a.id < b.id ? -1 : 1)),
    registered: all.filter(({ kind }) => kinds.includes(kind)),
  };
}

/** Tells of an object the parts that are below the whole, and their figures; null where no part was told. */
export function missingPartsOf(context: Context, { parts }: Shortfalls): (id: string) => string[] | null {
  const { answers, indicators, month, word } = context;
  const told = parts.flatMap((part) => {
    const rows = answers.read(questions.indicator(part, month, ["object"]), api.indicatorFigures)?.rows ?? [];
    const indicator = indicators.get(part);
    return indicator ? [{ indicator, values: new Map(rows.map(({ object, value }) => [object, value])) }] : [];
  });
  return (id) => {
    const its = told.flatMap(({ indicator, values }) => {
      const value = values.get(id) ?? null;
      return value === null ? [] : [{ indicator, value }];
    });
    if (its.length === 0) return null;
    return its
      .filter(({ value }) => value < 1)
      .map(({ indicator, value }) =>
        word("part_below", { name: context.text(indicator), value: figureText(value, indicator.unit) }),
      );
  };
}

/** The month before a report's. */
export const monthBefore = ({ month }: Pick<Context, "month">) => monthsFrom(month, -1);
