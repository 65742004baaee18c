import { api } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { type Group, keyRotationsQuery, type Period, placeOf, type Question, suppressedGroups } from "@v6meter/users";
import { periodText } from "../period.ts";

/** What becomes of the statements' rows where the ladder estimates. */
export const LADDER =
  "No row of these statements is the answer: they count sessions, prefixes and the panel, and the ladder of estimates (services/lib/users, docs/users.md) makes the users of them, with method and interval, and suppresses small figures.";

/** The same where users are counted and not estimated. */
export const COUNTED =
  "The rows of level row and total are counted users and prefixes; rounding, the interval of the count, and the suppression of small figures come after the statement (services/lib/users).";

/** Validated parameters of every question about users. */
interface Parameters {
  readonly by: readonly string[];
  readonly region: readonly string[];
  readonly operator: readonly string[];
  readonly access?: readonly string[];
}

/** The question that parameters put, its dimensions in their order. */
export function questionOf({ by, region, operator, access = [] }: Parameters): Question {
  return {
    by: api.USER_DIMENSIONS.filter((dimension) => by.includes(dimension)),
    filters: { region, operator, access },
  };
}

/** When the key of the subscribers' hashes changed within a period, as answers print it. */
export async function keyRotations(store: Store, { fromMs, toMs }: Period): Promise<string[]> {
  const rotations = await store.query(keyRotationsQuery, { from_s: fromMs / 1_000, to_s: toMs / 1_000 });
  return rotations.map(({ at_s }) => at_s);
}

/** What an answer says before its figures. */
export function preamble<N>(
  name: N,
  { by }: Parameters,
  period: Period,
  frame: { least: number; rotations: string[] },
) {
  return {
    name,
    period: periodText(period),
    by: [...by],
    min_cell_users: frame.least,
    key_rotations: frame.rotations,
  };
}

/** The rows and the total of a statement's groups, suppressed where they must be. */
export function rowsAndTotal<G extends Group, F extends object>(
  groups: readonly G[],
  question: Question,
  publish: {
    /** Numbers of users that the figures tell; the first is the group's size. */
    readonly countsOf: (group: G) => readonly number[];
    readonly least: number;
    readonly figures: (group: G) => F;
    /** The same without anything that tells how many. */
    readonly hidden: (group: G) => F;
    /** What stands of a group where there is no traffic at all. */
    readonly nothing: G;
  },
) {
  const isSuppressed = suppressedGroups(groups, question, publish);
  const shown = (group: G) => (isSuppressed(group) ? publish.hidden(group) : publish.figures(group));
  const rows = groups.filter(({ level }) => level === "row");
  return {
    rows: rows.map((group) => ({ ...placeOf(group, question), ...shown(group), group })),
    total: shown(groups.find(({ level }) => level === "total") ?? publish.nothing),
  };
}
