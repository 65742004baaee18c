import { api } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import type { Api } from "../api.ts";
import { listParameters } from "../list-parameters.ts";
import { type ActiveUsersGroup, activeUsersQuery, type UnseenUsersRow, unseenUsersQuery } from "../queries/users.ts";
import { accessesOf, keyRotations, preamble, questionOf, rowsAndTotal } from "../users/answer.ts";
import { missedShare, unseenShare } from "../users/chao1.ts";
import { type Cell, type CellEstimate, estimateCells, figureOf, type UsersFigure } from "../users/ladder.ts";
import { namedUsersPeriod, type UsersPeriod } from "../users/period.ts";
import { isSelected, isWithin, levelParameters, type Question, tableDimensions } from "../users/publication.ts";
import { isSmall } from "../users/suppression.ts";

const NAME = { zh: "IPv6活跃连接数", en: "Active connections" } as const;

/** Access networks whose users may send so little that packet sampling misses them. */
const SAMPLED_AWAY = ["iot"];

/** One subscriber of so many is in the panel. */
const PANEL = 64;
/** So many of the panel tell enough of those whom sampling hardly misses. */
const THINNED_USERS = 10_000;

const DESCRIPTION = `How many users are active on IPv6 (IPv6活跃连接数): subscribers who sent traffic of their own in the period. Ping and DNS
alone do not count, nor does what only arrives (scans). Mobile, fixed, IoT and enterprise by \`access\`; data centres and
unknown access are no users and enter only where \`access\` names them.

**Period**: a \`day\` or a \`month\` of Asia/Shanghai, or the 30 days that end with the day \`rolling30d\`; the current month
without any.

**The ladder**: \`method\` says how the users were told. \`aaa\`: by the sessions of AAA that held the addresses, distinct
subscribers. \`ratio\`: where sessions cover less than 98 % of the active prefixes, the rest of the prefixes times the users to
a prefix in the regions of the same operator and access that are covered. \`partial\`: some of the group has no users figure,
so \`users\` is a lower bound without an upper end. \`prefixes\`: nothing covers the group; active prefixes are counted and never
called users, as one user has many.

**Interval**: \`low\` and \`high\` are made to hold the truth in 99 of 100 cases. \`aaa\`: the error of counting (exact up to
4,096, else 0.21 % standard deviation), upwards also what the prefixes without a session may hide. \`ratio\`: a prediction
interval (Student's t) from the spread between covered regions; with fewer than three of them the spread of that access over
all operators; without any, half to twice the value. A ratio supposes that routers sample alike in covered regions and others.

**Sampling**: users seen by too few packets to be sampled are estimated (Chao1) for IoT, in \`unseen_users\`; a lower bound.
For the others hardly anybody is missed: nothing is added, and what may be missed is in \`high\`.

**Totals**: a subscriber seen in several rows counts once in the total. Figures of fewer than \`min_cell_users\` are suppressed,
with another one beside them where they would follow by subtraction.

**Families**: \`family\` is 6 where nothing else is asked for; \`by=family\` gives both, and a total of users active on either.`;

/** `GET /api/v1/users/active`. */
export function activeUsersRoute(app: Api, store: Store, leastUsers: number): void {
  app.get(
    "/api/v1/users/active",
    {
      preValidation: listParameters("by", "family", ...api.USER_DIMENSIONS),
      schema: {
        tags: ["users"],
        summary: "Active connections (IPv6活跃连接数)",
        description: DESCRIPTION,
        querystring: api.activeUsersParameters,
        response: { 200: api.activeUsers },
      },
    },
    async (request) => activeUsers(store, request.query, { leastUsers, nowMs: Date.now() }),
  );
}

async function activeUsers(
  store: Store,
  parameters: api.ActiveUsersParameters,
  { leastUsers, nowMs }: { leastUsers: number; nowMs: number },
): Promise<api.ActiveUsers> {
  const period = namedUsersPeriod(parameters, nowMs);
  const question = questionOf(parameters);
  const byFamily = parameters.by.includes("family");
  const families = parameters.family ?? (byFamily ? api.FAMILIES : ["6"]);
  const read = { period, question, byFamily, family: families.map(Number) as (4 | 6)[] };
  const [rotations, { groups, cells, joint }] = await Promise.all([
    keyRotations(store, period),
    readCells(store, read),
  ]);

  const estimatesOf = (group: ActiveUsersGroup): CellEstimate[] => {
    const all = group.level === "total" ? joint : cells;
    return all.filter(({ cell }) => {
      const place = groupOf(cell);
      if (group.level === "total") return isSelected(place, question);
      if (cell.family !== group.family_group) return false;
      return group.level === "row"
        ? isSelected(place, question) && isWithin(place, group, question)
        : isWithin(place, group, { ...question, by: tableDimensions(question) });
    });
  };
  const figures = new Map<ActiveUsersGroup, UsersFigure>(
    groups.map((group) => {
      const figure = figureOf(sumsOf(group), estimatesOf(group));
      return [group, rotations.length > 0 ? withoutUsers(figure) : figure];
    }),
  );
  const figure = (group: ActiveUsersGroup) => figures.get(group) ?? figureOf(sumsOf(group), []);
  const { rows, total } = rowsAndTotal(groups, question, {
    least: leastUsers,
    countsOf: (group) => [figure(group).users ?? figure(group).activePrefixes],
    figures: (group) => published(figure(group), leastUsers),
    hidden: (group) => hidden(figure(group)),
    nothing: NOTHING,
  });
  return {
    ...preamble(NAME, parameters, period, { least: leastUsers, rotations }),
    rows: rows.map(({ group, ...row }) => ({
      ...row,
      ...(byFamily && { family: String(group.family_group) as (typeof api.FAMILIES)[number] }),
    })),
    total,
  };
}

const NOTHING: ActiveUsersGroup = {
  level: "total",
  region_group: "",
  operator_group: "",
  access_group: "",
  family_group: 0,
  session_users: 0,
  active_prefixes: 0,
  session_prefixes: 0,
};

const sumsOf = (group: ActiveUsersGroup) => ({
  sessionUsers: group.session_users,
  activePrefixes: group.active_prefixes,
  sessionPrefixes: group.session_prefixes,
});

const groupOf = (cell: Cell) => ({
  level: "cell",
  region_group: cell.region,
  operator_group: cell.operator,
  access_group: cell.access,
});

interface Reading {
  readonly period: UsersPeriod;
  readonly question: Question;
  readonly byFamily: boolean;
  readonly family: (4 | 6)[];
}

/** The groups of the answer, and the province's cells on their rungs: by family, and the families together. */
async function readCells(store: Store, { period, question, byFamily, family }: Reading) {
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
  });
  const users = groups.filter(({ level }) => level === "cell").reduce((sum, cell) => sum + cell.session_users, 0);
  const unseen = (by_family: boolean) =>
    store.query(unseenUsersQuery, {
      from_day,
      to_day,
      accesses,
      family,
      by_family,
      thinned: accesses.filter((access) => !SAMPLED_AWAY.includes(access)),
      one_in: Math.max(1, Math.floor(users / PANEL / THINNED_USERS)),
    });
  const [seen, seenJointly] = await Promise.all([unseen(byFamily), byFamily ? unseen(false) : []]);
  const cells = estimateCells(cellsOf(groups, "cell", seen));
  return { groups, cells, joint: byFamily ? estimateCells(cellsOf(groups, "joint", seenJointly)) : cells };
}

function cellsOf(
  groups: readonly ActiveUsersGroup[],
  level: "cell" | "joint",
  seen: readonly UnseenUsersRow[],
): Cell[] {
  const place = (...words: (string | number)[]) => words.join("\n");
  const unseen = new Map(
    seen
      .filter(({ access }) => SAMPLED_AWAY.includes(access))
      .map((row) => [
        place(row.region, row.operator, row.access, row.family),
        unseenShare({ users: row.panel_users, once: row.seen_once, twice: row.seen_twice }),
      ]),
  );
  const missed = missedByAccess(seen);
  return groups
    .filter((group) => group.level === level)
    .map((group) => ({
      region: group.region_group,
      operator: group.operator_group,
      access: group.access_group,
      family: group.family_group,
      ...sumsOf(group),
      unseen:
        unseen.get(place(group.region_group, group.operator_group, group.access_group, group.family_group)) ?? null,
      missed: missed.get(place(group.access_group, group.family_group)) ?? 0,
    }));
}

/** What sampling may have missed of each access network and family: a single cell's panel is too small to tell. */
function missedByAccess(seen: readonly UnseenUsersRow[]): ReadonlyMap<string, number> {
  const sum = (rows: readonly UnseenUsersRow[], value: (row: UnseenUsersRow) => number) =>
    rows.reduce((all, row) => all + value(row), 0);
  const rows = seen.filter(({ access }) => !SAMPLED_AWAY.includes(access));
  return new Map(
    [...Map.groupBy(rows, ({ access, family }) => `${access}\n${family}`)].map(([key, group]) => [
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

const rounded = (value: number | null) => (value === null ? null : Math.round(value));

function published(figure: UsersFigure, least: number): api.ActiveUsers["total"] {
  const part = (value: number) => (isSmall(value, least) ? null : Math.round(value));
  const { users, low, high } = figure;
  return {
    method: figure.method,
    users: rounded(users),
    low: low === null ? null : Math.floor(low),
    high: high === null ? null : Math.ceil(high),
    coverage: figure.coverage,
    session_users: figure.method === "prefixes" ? null : part(figure.sessionUsers),
    unseen_users: figure.method === "prefixes" ? null : part(figure.unseenUsers),
    active_prefixes: part(figure.activePrefixes),
    unestimated_prefixes: part(figure.unestimatedPrefixes),
    suppressed: false,
  };
}

function hidden({ method }: UsersFigure): api.ActiveUsers["total"] {
  return {
    method,
    users: null,
    low: null,
    high: null,
    coverage: null,
    session_users: null,
    unseen_users: null,
    active_prefixes: null,
    unestimated_prefixes: null,
    suppressed: true,
  };
}
