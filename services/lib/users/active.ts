import type { Store } from "@v6meter/store";
import { figureOf, type UsersFigure } from "./ladder.ts";
import { dayOf, type UsersPeriod } from "./period.ts";
import { isSelected, isWithin, type Question, suppressedGroups, tableDimensions } from "./publication.ts";
import { type ActiveCells, type Places, placeOfCell, readActive, sumsOf } from "./rungs.ts";
import { type ActiveUsersGroup, keyRotationsQuery } from "./statements.ts";

/** What is asked of active users. */
export interface ActiveUsersQuestion {
  readonly period: UsersPeriod;
  readonly question: Question;
  /** Families that count as active. */
  readonly family: (4 | 6)[];
  /** Rows by family; else activity on any of them. */
  readonly byFamily: boolean;
  /** Rows by day or month of Asia/Shanghai, each estimated and suppressed by itself; null: the period as a whole. */
  readonly slice: "day" | "month" | null;
  /** Figures of fewer users are suppressed. */
  readonly leastUsers: number;
}

/** A group's figure, and whether it may not be published. */
export interface PublishedFigure {
  readonly figure: UsersFigure;
  readonly suppressed: boolean;
}

/** The figure of one group and slice. */
export interface ActiveUsersRow extends PublishedFigure {
  readonly group: ActiveUsersGroup;
}

/** Active users as the ladder tells them. */
export interface ActiveUsers {
  readonly rows: readonly ActiveUsersRow[];
  /** Of the whole period; null where rows are by day or month. */
  readonly total: PublishedFigure | null;
  /** When the key of the subscribers' hashes changed within the period. */
  readonly rotations: readonly string[];
}

const NOBODY = { sessionUsers: 0, activePrefixes: 0, sessionPrefixes: 0 };

/** How many users are active, by the ladder, with what may not be published (docs/users.md); whoever publishes one asks here. */
export async function activeUsers(store: Store, asked: ActiveUsersQuestion): Promise<ActiveUsers> {
  const { period, slice } = asked;
  const [rotations, cells] = await Promise.all([
    store.query(keyRotationsQuery, { from_s: period.fromMs / 1_000, to_s: period.toMs / 1_000 }),
    readActive(store, asked),
  ]);
  const rotated = rotations.map(({ at_s }) => at_s);
  const rows: ActiveUsersRow[] = [];
  let total: PublishedFigure | null = null;
  for (const [day, groups] of Map.groupBy(cells.groups, ({ slice_day }) => slice_day)) {
    const within = slice === null ? rotated : rotated.filter((at) => isInSlice(at, day, slice));
    const publish = publisher(groups, { ...cells, day, isRotated: within.length > 0 }, asked);
    rows.push(...groups.filter(({ level }) => level === "row").map((group) => ({ group, ...publish(group) })));
    const whole = groups.find(({ level }) => level === "total");
    if (slice === null && whole) total = publish(whole);
  }
  if (slice === null) total ??= { figure: figureOf(NOBODY, []), suppressed: false };
  return { rows, total, rotations: rotated };
}

/** A change at midnight parts two days and is within neither. */
function isInSlice(at: string, day: string, slice: "day" | "month"): boolean {
  const length = slice === "day" ? 10 : 7;
  const atMs = Date.parse(at);
  return (
    dayOf(atMs).slice(0, length) === day.slice(0, length) && dayOf(atMs - 1).slice(0, length) === day.slice(0, length)
  );
}

function publisher(
  groups: readonly ActiveUsersGroup[],
  { day, cells, joint, isRotated }: Places & { readonly day: string; readonly isRotated: boolean },
  { question, leastUsers }: ActiveUsersQuestion,
): (group: ActiveUsersGroup) => PublishedFigure {
  const own: ActiveCells = cells.get(day) ?? [];
  const together: ActiveCells = joint.get(day) ?? [];
  const estimatesOf = (group: ActiveUsersGroup) =>
    (group.level === "total" ? together : own).filter(({ cell }) => {
      const place = placeOfCell(cell);
      if (group.level === "total") return isSelected(place, question);
      if (cell.family !== group.family_group) return false;
      return group.level === "row"
        ? isSelected(place, question) && isWithin(place, group, question)
        : isWithin(place, group, { ...question, by: tableDimensions(question) });
    });
  const published = groups.filter(({ level }) => level !== "cell" && level !== "joint");
  const figures = new Map<ActiveUsersGroup, UsersFigure>(
    published.map((group) => {
      const figure = figureOf(sumsOf(group), estimatesOf(group));
      return [group, isRotated ? withoutUsers(figure) : figure];
    }),
  );
  const figure = (group: ActiveUsersGroup) => figures.get(group) as UsersFigure;
  const isSuppressed = suppressedGroups(published, question, {
    least: leastUsers,
    countsOf: (group) => [figure(group).users ?? figure(group).activePrefixes],
  });
  return (group) => ({ figure: figure(group), suppressed: isSuppressed(group) });
}

/** Where the key of the hashes changed within the period, one subscriber would count as two. */
function withoutUsers(figure: UsersFigure): UsersFigure {
  return {
    ...figure,
    method: "prefixes",
    users: null,
    low: null,
    high: null,
    sessionUsers: 0,
    unseenUsers: 0,
    unestimatedPrefixes: figure.activePrefixes,
  };
}
