import type { FlowLabels } from "@v6meter/schemas";
import type { Registry } from "./registry.ts";
import { ACCESS_NAMES, DIRECTION_NAMES, METHOD_NAMES, POINT_NAMES, TECHNOLOGY_NAMES } from "./vocabulary-index.ts";

/** The label columns' words under a registry. */
export function registryLabels(registry: Registry): FlowLabels {
  return Object.freeze({
    technology: TECHNOLOGY_NAMES,
    region: ["unknown", ...registry.regions.map(({ code }) => code)],
    operator: ["unknown", ...registry.operators.map(({ id }) => id)],
    access: ACCESS_NAMES,
    flow_direction: DIRECTION_NAMES,
    observation_point: POINT_NAMES,
    subscriber_method: METHOD_NAMES,
  });
}

/** Label numbers of words; an absent word is 0. */
export function numbersOf(words: readonly string[]): (word: string | undefined) => number {
  const numbers = new Map(words.map((word, number) => [word, number]));
  return (word) => (word === undefined ? 0 : (numbers.get(word) ?? 0));
}
