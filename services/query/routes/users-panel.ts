import { api } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { accessesOf, levelParameters, partOf, preferenceQuery, retentionQuery } from "@v6meter/users";
import type { Api } from "../api.ts";
import { listParameters } from "../list-parameters.ts";
import { COUNTED, keyRotations, preamble, questionOf, rowsAndTotal } from "../users/answer.ts";
import { namedUsersPeriod, withMonthBefore } from "../users/period.ts";

const COMMON = `From the panel: of the subscribers that sessions told, those whose hash falls in one of 64, the same on every day, whom
the store keeps exactly. \`low\` and \`high\` hold the part of all subscribers in 99 of 100 cases (Wilson). Groups of fewer than
\`min_cell_users\` of the panel are suppressed. Period and totals as in \`/api/v1/users/active\`.`;

const TOTAL = { level: "total", region_group: "", operator_group: "", access_group: "" } as const;
const NO_PART: api.PanelPart = { value: null, low: null, high: null };

/** The figures of users that need to know what each subscriber did: preference and retention. */
export function panelRoutes(app: Api, store: Store, leastUsers: number): void {
  app.get(
    "/api/v1/users/preference",
    {
      preValidation: listParameters("by", ...api.USER_DIMENSIONS),
      config: { statements: COUNTED },
      schema: {
        tags: ["users"],
        summary: "IPv6 preference of dual-stack users (双栈用户IPv6优先情况)",
        description: `What subscribers who were active on both families prefer: the IPv6 part of the bytes they sent, and how many of them sent
more over IPv4 though IPv6 serves them.

${COMMON}`,
        querystring: api.usersParameters,
        response: { 200: api.preference },
      },
    },
    async ({ query }) => preference(store, query, { leastUsers, nowMs: Date.now() }),
  );

  app.get(
    "/api/v1/users/retention",
    {
      preValidation: listParameters("by", "family", ...api.USER_DIMENSIONS),
      config: { statements: COUNTED },
      schema: {
        tags: ["users"],
        summary: "Retention of active users from month to month (活跃用户留存率)",
        description: `Of the subscribers active in the month before, the part that is active in this one, with the days on which a subscriber
was active and the prefixes a subscriber had. A change of the hashes' key between the two months makes everybody new, so
\`retained\` is null then. The current month where none is named.

${COMMON}`,
        querystring: api.retentionParameters,
        response: { 200: api.retention },
      },
    },
    async ({ query }) => retention(store, query, { leastUsers, nowMs: Date.now() }),
  );
}

interface Asked {
  readonly leastUsers: number;
  readonly nowMs: number;
}

async function preference(
  store: Store,
  parameters: api.UsersParameters,
  { leastUsers, nowMs }: Asked,
): Promise<api.Preference> {
  const period = namedUsersPeriod(parameters, nowMs);
  const question = questionOf(parameters);
  const { from_day, to_day } = period;
  const [rotations, groups] = await Promise.all([
    keyRotations(store, period),
    store.query(preferenceQuery, { from_day, to_day, accesses: accessesOf(question), ...levelParameters(question) }),
  ]);
  const blank = { method: "none" as const, panel_users: null, v6_share: null, preferring_v4: NO_PART };
  const { rows, total } = rowsAndTotal<(typeof groups)[number], api.Preference["total"]>(groups, question, {
    least: leastUsers,
    countsOf: (group) => [group.dual_users],
    figures: ({ dual_users, users_preferring_v4, dual_v6_bytes, dual_v4_bytes }) =>
      dual_users === 0 || rotations.length > 0
        ? { ...blank, suppressed: false }
        : {
            method: "panel",
            panel_users: dual_users,
            v6_share: dual_v6_bytes / (dual_v6_bytes + dual_v4_bytes),
            preferring_v4: partOf(users_preferring_v4, dual_users),
            suppressed: false,
          },
    hidden: () => ({ ...blank, method: "panel", suppressed: true }),
    nothing: { ...TOTAL, dual_users: 0, users_preferring_v4: 0, dual_v6_bytes: 0, dual_v4_bytes: 0 },
  });
  return {
    ...preamble(
      { zh: "双栈用户IPv6优先情况", en: "IPv6 preference of dual-stack users" } as const,
      parameters,
      period,
      {
        least: leastUsers,
        rotations,
      },
    ),
    rows: rows.map(({ group: _, ...row }) => row),
    total,
  };
}

async function retention(
  store: Store,
  parameters: api.RetentionParameters,
  { leastUsers, nowMs }: Asked,
): Promise<api.Retention> {
  const month = namedUsersPeriod({ month: parameters.month }, nowMs);
  const both = withMonthBefore(month);
  const question = questionOf(parameters);
  const [rotations, groups] = await Promise.all([
    keyRotations(store, both),
    store.query(retentionQuery, {
      from_day: both.from_day,
      to_day: both.to_day,
      boundary_day: month.from_day,
      accesses: accessesOf(question),
      family: (parameters.family ?? ["6"]).map(Number) as (4 | 6)[],
      ...levelParameters(question),
    }),
  ]);
  const blank = {
    method: "none" as const,
    panel_users_before: null,
    retained: NO_PART,
    panel_users: null,
    days_active: null,
    prefixes_a_user: null,
  };
  const { rows, total } = rowsAndTotal<(typeof groups)[number], api.Retention["total"]>(groups, question, {
    least: leastUsers,
    countsOf: (group) => [group.users_now, group.users_before],
    figures: ({ users_before, users_now, users_retained, days_active, prefixes_a_user }) =>
      users_before + users_now === 0
        ? { ...blank, suppressed: false }
        : {
            method: "panel",
            panel_users_before: users_before,
            retained: rotations.length > 0 ? NO_PART : partOf(users_retained, users_before),
            panel_users: users_now,
            days_active,
            prefixes_a_user,
            suppressed: false,
          },
    hidden: () => ({ ...blank, method: "panel", suppressed: true }),
    nothing: { ...TOTAL, users_before: 0, users_now: 0, users_retained: 0, days_active: null, prefixes_a_user: null },
  });
  return {
    ...preamble({ zh: "活跃用户留存率", en: "Retention of active users" } as const, parameters, month, {
      least: leastUsers,
      rotations,
    }),
    rows: rows.map(({ group: _, ...row }) => row),
    total,
  };
}
