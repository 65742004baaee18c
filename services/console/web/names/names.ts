import type { api } from "@v6meter/schemas";
import {
  ACCESS_TYPES,
  DROP_REASONS,
  FLOW_DIRECTIONS,
  OBSERVATION_POINTS,
  STAGES,
  TECHNOLOGIES,
  type Term,
} from "@v6meter/schemas/words";
import { shallowRef } from "vue";
import { ask } from "../api/client.ts";
import { language } from "../messages/index.ts";

/** What the registry in force calls regions and operators. */
export const registry = shallowRef<api.Registry>({ regions: [], operators: [] });

/** Reads the registry; names fall back to their codes until it is there. */
export async function loadNames(): Promise<void> {
  registry.value = await ask<api.Registry>({ path: "/api/v1/registry" });
}

const VOCABULARIES: Readonly<Record<string, Readonly<Record<string, Term>>>> = {
  access: ACCESS_TYPES,
  direction: FLOW_DIRECTIONS,
  technology: TECHNOLOGIES,
  observation_point: OBSERVATION_POINTS,
  stage: STAGES,
  reason: DROP_REASONS,
};

/** The words of a closed vocabulary, in its order. */
export function wordsOf(dimension: string): string[] {
  if (dimension === "region") return registry.value.regions.map(({ code }) => code);
  if (dimension === "operator") return registry.value.operators.map(({ id }) => id);
  return Object.keys(VOCABULARIES[dimension] ?? {});
}

/** Name of a word in the language in force; the word itself where nothing names it. */
export function nameOf(dimension: string, word: string): string {
  const term =
    dimension === "region"
      ? registry.value.regions.find(({ code }) => code === word)
      : dimension === "operator"
        ? registry.value.operators.find(({ id }) => id === word)
        : VOCABULARIES[dimension]?.[word];
  if (term) return term[language.value];
  return word === "unknown" ? ACCESS_TYPES.unknown[language.value] : word;
}
