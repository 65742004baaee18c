import { type api, INDICATOR_GROUPINGS } from "@v6meter/schemas";

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type JsonObject = { readonly [name: string]: Json };

/** Sums of floats come out of several threads in another order each time. */
const RELATIVE_ERROR = 1e-9;

/** Members that say which row of a list one is. */
const ROW_WORDS: readonly string[] = [
  "at",
  ...INDICATOR_GROUPINGS,
  "group",
  "subject",
  "indicator",
  "id",
  "stage",
  "outcome",
  "reason",
];

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function rowName(row: Json, index: number): string {
  const words = isObject(row)
    ? ROW_WORDS.filter((name) => typeof row[name] === "string").map((name) => `${name}=${row[name]}`)
    : [];
  return words.join(" ") || String(index);
}

const DECIMAL = /^-?\d+(\.\d+)?$/;

/** A numeric leaf: a number, or one too long for JSON's readers, as text. */
function numberOf(value: Json | undefined): number | null {
  if (typeof value === "number") return value;
  return typeof value === "string" && DECIMAL.test(value) ? Number(value) : null;
}

function isSame(a: Json | undefined, b: Json | undefined): boolean {
  if (typeof a !== "number" || typeof b !== "number") return a === b;
  return Math.abs(a - b) <= RELATIVE_ERROR * Math.max(Math.abs(a), Math.abs(b));
}

const isSuppressed = (value: Json | undefined) => isObject(value) && value.suppressed === true;

type Difference = Omit<api.SnapshotDifference, "question">;

/**
 * The numeric leaves in which two answers to one question differ; rows are matched by their words. Of a row that
 * is suppressed in either answer no figure is told, only that it is.
 */
export function differences(old: unknown, now: unknown): Difference[] {
  const found: Difference[] = [];
  const leaf = (row: string, field: string, a: Json | undefined, b: Json | undefined) => {
    const [from, to] = [numberOf(a), numberOf(b)];
    if (isSame(a, b) || (from === null && to === null)) return;
    const told = (value: Json | undefined, number: number | null) =>
      number === null ? null : (value as number | string);
    const difference = from === null || to === null ? null : to - from;
    found.push({ row, field, old: told(a, from), new: told(b, to), difference, suppressed: false });
  };
  const walk = (place: readonly string[], field: readonly string[], a: Json | undefined, b: Json | undefined): void => {
    if (isSuppressed(a) || isSuppressed(b)) {
      if (isSuppressed(a) === isSuppressed(b)) return;
      const row = place.join(" / ");
      found.push({ row, field: field.join("."), old: null, new: null, difference: null, suppressed: true });
    } else if (Array.isArray(a) || Array.isArray(b)) {
      const rows = (list: Json | undefined) =>
        new Map((Array.isArray(list) ? (list as Json[]) : []).map((row, index) => [rowName(row, index), row]));
      const [from, to] = [rows(a), rows(b)];
      for (const name of new Set([...from.keys(), ...to.keys()]))
        walk(
          [...place, ...(field.length > 0 && field[0] !== "rows" ? [field.join(".")] : []), name],
          [],
          from.get(name),
          to.get(name),
        );
    } else if (isObject(a) || isObject(b)) {
      const [from, to] = [isObject(a) ? a : {}, isObject(b) ? b : {}];
      for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
        const isWord = ROW_WORDS.includes(name) && typeof (from[name] ?? to[name]) === "string";
        if (!isWord) walk(place, [...field, name], from[name], to[name]);
      }
    } else leaf(place.join(" / ") || "total", field.join("."), a, b);
  };
  walk([], [], old as Json, now as Json);
  return found;
}

/**
 * The later answer with every row suppressed that the earlier one suppressed. Who has both could else subtract
 * the one from the other, where late data changed which rows hide each other.
 */
export function keepSuppressed<T>(old: unknown, now: T): T {
  const keep = (a: Json | undefined, b: Json): Json => {
    if (isSuppressed(a) && isObject(b)) return a as Json;
    if (Array.isArray(b)) {
      const rows = new Map((Array.isArray(a) ? (a as Json[]) : []).map((row, index) => [rowName(row, index), row]));
      return (b as Json[]).map((row, index) => keep(rows.get(rowName(row, index)), row));
    }
    if (!isObject(b)) return b;
    const from = isObject(a) ? a : {};
    return Object.fromEntries(Object.entries(b).map(([name, value]) => [name, keep(from[name], value)]));
  };
  return keep(old as Json, now as Json) as T;
}
