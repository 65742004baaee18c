import type { api } from "@v6meter/schemas";
import {
  ACCESS_TYPES,
  BOOK_UNITS,
  DROP_REASONS,
  FLOW_DIRECTIONS,
  INDICATOR_DIMENSIONS,
  OBJECT_KINDS,
  OBSERVATION_POINTS,
  STAGES,
  TECHNOLOGIES,
  type Term,
} from "@v6meter/schemas/words";
import { shallowRef } from "vue";
import { ask } from "../api/client.ts";
import { language } from "../messages/index.ts";
import { isOpen } from "../session/session.ts";

/** What the registry in force calls regions and operators. */
export const registry = shallowRef<api.Registry>({ regions: [], operators: [] });

/** Reads the registry; names fall back to their codes until it is there. */
export async function loadNames(): Promise<void> {
  registry.value = await ask<api.Registry>({ path: "/api/v1/registry" });
}

/** What the catalogue in force calls monitored objects. */
export const objects = shallowRef<api.Objects["objects"]>([]);

const OBJECTS_ROUTE = "GET /api/v1/objects";

/** Reads the objects for pages that name them; where the role may not see them, or they do not come, ids stay. */
export async function loadObjects(): Promise<void> {
  if (!isOpen([OBJECTS_ROUTE])) return;
  const answer = await ask<api.Objects>({ path: "/api/v1/objects" }).catch(() => null);
  if (answer) objects.value = answer.objects;
}

/** Kinds of addresses that sessions were given, as indicators group them. */
const ADDRESS_KINDS = {
  any: { zh: "任意地址", en: "any address" },
  v6: { zh: "IPv6", en: "IPv6" },
  delegated: { zh: "IPv6委派前缀", en: "delegated prefix" },
  v4_public: { zh: "公有IPv4", en: "public IPv4" },
  v4_private: { zh: "私有IPv4", en: "private IPv4" },
} as const satisfies Record<string, Term>;

/** Reasons of drops, short enough for a chart; what each means in a sentence is `drop_meaning`. */
const SHORT_REASONS = Object.fromEntries(
  Object.entries(DROP_REASONS).map(([word, { zh }]) => [word, { zh, en: word.replaceAll("_", " ") }]),
);

const VOCABULARIES: Readonly<Record<string, Readonly<Record<string, Term>>>> = {
  access: ACCESS_TYPES,
  direction: FLOW_DIRECTIONS,
  technology: TECHNOLOGIES,
  observation_point: OBSERVATION_POINTS,
  stage: STAGES,
  book_unit: BOOK_UNITS,
  reason: SHORT_REASONS,
  drop_meaning: DROP_REASONS,
  family: { 4: { zh: "IPv4", en: "IPv4" }, 6: { zh: "IPv6", en: "IPv6" } },
  kind: ADDRESS_KINDS,
  dimension: INDICATOR_DIMENSIONS,
  object_kind: OBJECT_KINDS,
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
        : dimension === "object"
          ? objects.value.find(({ id }) => id === word)
          : VOCABULARIES[dimension]?.[word];
  if (term) return term[language.value];
  return word === "unknown" ? ACCESS_TYPES.unknown[language.value] : word;
}
