import { api } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { activeUsers, isSmall, type PublishedFigure, placeOf, type UsersFigure, wholeUsers } from "@v6meter/users";
import type { Api } from "../api.ts";
import { listParameters } from "../list-parameters.ts";
import { LADDER, preamble, questionOf } from "../users/answer.ts";
import { namedUsersPeriod } from "../users/period.ts";

const NAME = { zh: "IPv6活跃连接数", en: "Active connections" } as const;

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
      config: { statements: LADDER },
      schema: {
        tags: ["users"],
        summary: "Active connections (IPv6活跃连接数)",
        description: DESCRIPTION,
        querystring: api.activeUsersParameters,
        response: { 200: api.activeUsers },
      },
    },
    async (request) => activeUsersAnswer(store, request.query, { leastUsers, nowMs: Date.now() }),
  );
}

async function activeUsersAnswer(
  store: Store,
  parameters: api.ActiveUsersParameters,
  { leastUsers, nowMs }: { leastUsers: number; nowMs: number },
): Promise<api.ActiveUsers> {
  const period = namedUsersPeriod(parameters, nowMs);
  const question = questionOf(parameters);
  const byFamily = parameters.by.includes("family");
  const families = parameters.family ?? (byFamily ? api.FAMILIES : ["6"]);
  const family = families.map(Number) as (4 | 6)[];
  const { rows, total, rotations } = await activeUsers(store, {
    period,
    question,
    byFamily,
    family,
    slice: null,
    leastUsers,
  });
  const answer = ({ figure, suppressed }: PublishedFigure) =>
    suppressed ? hidden(figure) : published(figure, leastUsers);
  return {
    ...preamble(NAME, parameters, period, { least: leastUsers, rotations: [...rotations] }),
    rows: rows.map((row) => ({
      ...placeOf(row.group, question),
      ...(byFamily && { family: String(row.group.family_group) as (typeof api.FAMILIES)[number] }),
      ...answer(row),
    })),
    total: answer(total as PublishedFigure),
  };
}

function published(figure: UsersFigure, least: number): api.ActiveUsers["total"] {
  const part = (value: number) => (isSmall(value, least) ? null : Math.round(value));
  return {
    method: figure.method,
    ...wholeUsers(figure),
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
