import type { Store } from "@v6meter/store";
import type { ActiveUsersQuestion } from "./active.ts";
import { missedShare, unseenShare } from "./chao1.ts";
import { type Cell, type CellEstimate, estimateCells } from "./ladder.ts";
import { accessesOf, levelParameters } from "./publication.ts";
import { type ActiveUsersGroup, activeUsersQuery, type UnseenUsersRow, unseenUsersQuery } from "./statements.ts";

/** Access networks whose users may send so little that packet sampling misses them. */
const SAMPLED_AWAY = ["iot"];

/** One subscriber of so many is in the panel. */
const PANEL = 64;
/** So many of the panel tell enough of those whom sampling hardly misses. */
const THINNED_USERS = 10_000;

/** The province's cells on their rungs. */
export type ActiveCells = readonly CellEstimate[];

/** The same by slice: by family, and the families together. */
export interface Places {
  readonly cells: ReadonlyMap<string, ActiveCells>;
  readonly joint: ReadonlyMap<string, ActiveCells>;
}

/** What a statement counted of a group. */
export const sumsOf = (group: ActiveUsersGroup) => ({
  sessionUsers: group.session_users,
  activePrefixes: group.active_prefixes,
  sessionPrefixes: group.session_prefixes,
});

/** Where a cell stands, as groups say it. */
export const placeOfCell = (cell: Cell) => ({
  level: "cell",
  region_group: cell.region,
  operator_group: cell.operator,
  access_group: cell.access,
});

/** The groups of a question, and the province's cells on their rungs. */
export async function readActive(
  store: Store,
  { period, question, byFamily, family, slice }: ActiveUsersQuestion,
): Promise<Places & { readonly groups: readonly ActiveUsersGroup[] }> {
  const { from_day, to_day, monthly } = period;
  const { levels, ...parameters } = levelParameters(question);
  const accesses = accessesOf(question);
  const groups = await store.query(activeUsersQuery, {
    from_day,
    to_day,
    accesses,
    ...parameters,
    levels: byFamily ? ["cell", "joint", ...levels] : ["cell", ...levels],
    active_table: monthly ? "users_1mo" : "users_1d",
    family,
    by_family: byFamily,
    slice: slice ?? "",
  });
  const bySlice = Map.groupBy(
    groups.filter(({ level }) => level === "cell"),
    ({ slice_day }) => slice_day,
  );
  const users = [...bySlice.values()].map((cells) => cells.reduce((sum, cell) => sum + cell.session_users, 0));
  const unseen = (by_family: boolean) =>
    store.query(unseenUsersQuery, {
      from_day,
      to_day,
      accesses,
      family,
      by_family,
      thinned: accesses.filter((access) => !SAMPLED_AWAY.includes(access)),
      slice: slice ?? "",
      slices: [...bySlice.keys()],
      one_in: users.map((count) => Math.max(1, Math.floor(count / PANEL / THINNED_USERS))),
    });
  const [seen, seenJointly] =
    bySlice.size === 0 ? [[], []] : await Promise.all([unseen(byFamily), byFamily ? unseen(false) : []]);
  const cells = rungsOf(groups, "cell", seen);
  return { groups, cells, joint: byFamily ? rungsOf(groups, "joint", seenJointly) : cells };
}

function rungsOf(
  groups: readonly ActiveUsersGroup[],
  level: "cell" | "joint",
  seen: readonly UnseenUsersRow[],
): Places["cells"] {
  const seenOf = Map.groupBy(seen, ({ slice_day }) => slice_day);
  const slices = Map.groupBy(
    groups.filter((group) => group.level === level),
    ({ slice_day }) => slice_day,
  );
  return new Map([...slices].map(([day, members]) => [day, estimateCells(cellsOf(members, seenOf.get(day) ?? []))]));
}

function cellsOf(groups: readonly ActiveUsersGroup[], seen: readonly UnseenUsersRow[]): Cell[] {
  const place = (...words: (string | number)[]) => words.join("\n");
  const seenAt = new Map(seen.map((row) => [place(row.region, row.operator, row.access, row.family), row]));
  const missed = missedByAccess(seen);
  return groups.map((group) => {
    const { region_group: region, operator_group: operator, access_group: access, family_group: family } = group;
    const row = seenAt.get(place(region, operator, access, family));
    const unseen =
      row && SAMPLED_AWAY.includes(access)
        ? unseenShare({ users: row.panel_users, once: row.seen_once, twice: row.seen_twice })
        : null;
    // Who is seen without sampling is not missed by it.
    const bounded = unseen !== null || row?.sampled_users === 0;
    return {
      region,
      operator,
      access,
      family,
      ...sumsOf(group),
      unseen,
      missed: bounded ? 0 : (missed.get(place(access, family)) ?? 0),
    };
  });
}

/** What sampling may have missed of each access network and family: a single cell's panel is too small to tell. */
function missedByAccess(seen: readonly UnseenUsersRow[]): ReadonlyMap<string, number> {
  const sum = (rows: readonly UnseenUsersRow[], value: (row: UnseenUsersRow) => number) =>
    rows.reduce((all, row) => all + value(row), 0);
  return new Map(
    [...Map.groupBy(seen, ({ access, family }) => `${access}\n${family}`)].map(([key, group]) => [
      key,
      sum(group, (row) => row.sampled_users) === 0
        ? 0
        : missedShare({
            users: sum(group, (row) => row.panel_users),
            once: sum(group, (row) => row.seen_once),
            twice: sum(group, (row) => row.seen_twice),
          }),
    ]),
  );
}
