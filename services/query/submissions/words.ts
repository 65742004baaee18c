import type { Catalogue } from "@v6meter/indicators";
import { ACCESS_TYPES, type api, type SubmissionGrouping, type SubmissionTemplate } from "@v6meter/schemas";

/** A word and what it stands for. */
export interface Word {
  readonly id: string;
  readonly zh: string;
  readonly en: string;
}

/** The words a column may hold, or any where the list is null. */
export type ColumnWords = Readonly<Partial<Record<SubmissionGrouping, readonly Word[] | null>>>;

/** Regions below the province, whose code ends with four zeros (GB/T 2260). */
const isProvince = ({ id }: Word) => /0000$/.test(id);

/**
 * What the columns of a template may hold when a unit fills them. A unit that is an operator tells its own figures only;
 * industries are named by nobody's register.
 */
export function columnWords(
  { groupings }: SubmissionTemplate,
  { regions, operators }: api.Registry,
  { objects }: Pick<Catalogue, "objects">,
  unit: string | null,
): ColumnWords {
  const known: Required<ColumnWords> = {
    region: regions.map(({ code, zh, en }) => ({ id: code, zh, en })),
    operator: operators.some(({ id }) => id === unit) ? operators.filter(({ id }) => id === unit) : operators,
    access: Object.entries(ACCESS_TYPES).map(([id, { zh, en }]) => ({ id, zh, en })),
    object: [...objects.values()].map(({ id, zh, en }) => ({ id, zh, en })),
    industry: null,
  };
  return Object.fromEntries(groupings.map((name) => [name, known[name]]));
}

/** A region and an operator, as far as a template tells them apart. */
export type Combination = Readonly<Partial<Record<"region" | "operator", string>>>;

/** The combinations a template asks for: every region below the province, of the unit's own operator where it is one. */
export function askedCombinations(words: ColumnWords, unit: string | null): Combination[] {
  const own = words.operator?.find(({ id }) => id === unit);
  const operator = own === undefined ? {} : { operator: own.id };
  const regions = (words.region ?? []).filter((word) => !isProvince(word));
  if (regions.length > 0) return regions.map(({ id }) => ({ region: id, ...operator }));
  return own === undefined ? [] : [operator];
}
