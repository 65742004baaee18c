import { api } from "@v6meter/schemas";
import { isSmall, keyText, suppressedCells } from "./suppression.ts";

/** A group of the answer of a statement about users, at one of its levels. */
export interface Group {
  readonly level: string;
  readonly region_group: string;
  readonly operator_group: string;
  readonly access_group: string;
  /** 4 or 6 where rows are by family. */
  readonly family_group?: number;
}

/** What is asked for: the dimensions of the rows and the values that filters keep. */
export interface Question {
  readonly by: readonly api.UserDimension[];
  readonly filters: Readonly<Record<api.UserDimension, readonly string[]>>;
}

const DIMENSIONS: readonly api.UserDimension[] = ["region", "operator", "access"];

const wordOf = (group: Group, dimension: api.UserDimension): string => group[`${dimension}_group`];

/** The access networks a question is about: those of users, and what it names besides. */
export function accessesOf({ filters }: Question): string[] {
  return [...new Set([...api.USER_ACCESS_TYPES, ...filters.access])];
}

/** The dimensions of the table in which it is decided what is suppressed. */
export function tableDimensions({ by, filters }: Question): api.UserDimension[] {
  return DIMENSIONS.filter((dimension) => by.includes(dimension) || filters[dimension].length > 0);
}

const isFiltered = ({ filters }: Question) => DIMENSIONS.some((dimension) => filters[dimension].length > 0);

/** The parameters of a statement's levels. Without a filter the rows are the table. */
export function levelParameters(question: Question) {
  const table = tableDimensions(question);
  return {
    levels: isFiltered(question) ? ["table", "row", "total"] : ["row", "total"],
    table_region: table.includes("region"),
    table_operator: table.includes("operator"),
    table_access: table.includes("access"),
    by_region: question.by.includes("region"),
    by_operator: question.by.includes("operator"),
    by_access: question.by.includes("access"),
    region: [...question.filters.region],
    operator: [...question.filters.operator],
    access: [...question.filters.access],
  };
}

/** The place of a row by the dimensions asked for. */
export function placeOf(group: Group, { by }: Question): Partial<Record<api.UserDimension, string>> {
  return Object.fromEntries(by.map((dimension) => [dimension, wordOf(group, dimension)]));
}

/** Whether a group stands in what the filters keep. */
export function isSelected(group: Group, { filters }: Question): boolean {
  return DIMENSIONS.every((dimension) => {
    const words = filters[dimension];
    return words.length === 0 || words.includes(wordOf(group, dimension));
  });
}

/** Whether a group lies in another one of fewer dimensions. */
export function isWithin(group: Group, row: Group, { by }: Question): boolean {
  return by.every((dimension) => wordOf(group, dimension) === wordOf(row, dimension));
}

/**
 * Which rows, and whether the total, are not published. What is suppressed is decided in the table of the
 * dimensions asked for and filtered by, whatever the filters keep, so two questions never tell together what
 * one hides. A row or total is suppressed where it is small itself, or where exactly one cell of the table
 * within it is suppressed, which it would tell together with the others.
 */
export function suppressedGroups<G extends Group>(
  groups: readonly G[],
  question: Question,
  { countsOf, least }: { countsOf: (group: G) => readonly number[]; least: number },
): (group: G) => boolean {
  const level = isFiltered(question) ? "table" : "row";
  const dimensions = tableDimensions(question);
  const keyOf = (group: Group) => dimensions.map((dimension) => wordOf(group, dimension));
  const isFew = (group: G) => countsOf(group).some((users) => isSmall(users, least));
  const slices = Map.groupBy(
    groups.filter((group) => group.level === level),
    ({ family_group = 0 }) => family_group,
  );
  const hidden = new Map(
    [...slices].map(([family, cells]) => [
      family,
      suppressedCells(cells.map((cell) => ({ key: keyOf(cell), users: countsOf(cell)[0] ?? 0, small: isFew(cell) }))),
    ]),
  );
  return (group) => {
    if (isFew(group)) return true;
    return [...slices].some(([family, cells]) => {
      if (group.level !== "total" && family !== (group.family_group ?? 0)) return false;
      const within = cells.filter(
        (cell) => isSelected(cell, question) && (group.level === "total" || isWithin(cell, group, question)),
      );
      return within.filter((cell) => hidden.get(family)?.has(keyText(keyOf(cell)))).length === 1;
    });
  };
}
