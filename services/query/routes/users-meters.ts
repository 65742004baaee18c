import { api } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import {
  accessesOf,
  counted,
  coverageOf,
  type Interval,
  inBoth,
  levelParameters,
  type SubscriberFigure,
  type SubscriberKind,
  type UserMetersGroup,
  userMetersQuery,
  without,
} from "@v6meter/users";
import type { Api } from "../api.ts";
import { listParameters } from "../list-parameters.ts";
import { COUNTED, keyRotations, preamble, questionOf, rowsAndTotal } from "../users/answer.ts";
import { namedUsersPeriod } from "../users/period.ts";

const COMMON = `Subscribers are those that sessions of AAA told, each once whatever addresses the session changed; a session belongs to
the days on which one of its events (start, interim update, stop) happened. \`coverage\` says what part of the active IPv6 prefixes was
seen with a session: users of an operator or region without AAA are in no figure. Period, intervals, suppression and totals
as in \`/api/v1/users/active\`.`;

const NOTHING: UserMetersGroup = {
  level: "total",
  region_group: "",
  operator_group: "",
  access_group: "",
  assigned_v6: 0,
  assigned_v4: 0,
  assigned_v6_or_public: 0,
  assigned: 0,
  delegated: 0,
  active_v4: 0,
  active_v6: 0,
  active: 0,
  active_v6_or_delegated: 0,
  started_private: 0,
  started_v4: 0,
  active_prefixes: 0,
  session_prefixes: 0,
};

const NO_ESTIMATE: api.UsersEstimate = { users: null, low: null, high: null };

const estimate = ({ users, low, high }: Interval): api.UsersEstimate => ({
  users: Math.round(users),
  low: Math.floor(low),
  high: Math.ceil(high),
});

/** What one of these questions is: what it reads, and how its figures follow. */
interface Meter<F> {
  readonly kinds: readonly SubscriberKind[];
  readonly needs: readonly SubscriberFigure[];
  /** Numbers of users that the figures tell; the first is the group's size. */
  readonly countsOf: (group: UserMetersGroup) => readonly number[];
  readonly figures: (group: UserMetersGroup) => F;
  /** In place of the figures where they are suppressed or there are none. */
  readonly blank: F;
}

const ratioOf = (part: number, whole: number) => (whole === 0 ? null : Math.min(1, part / whole));

const bothAssigned = (group: UserMetersGroup) => inBoth(group.assigned_v6, group.assigned_v4, group.assigned);
const bothActive = (group: UserMetersGroup) => inBoth(group.active_v6, group.active_v4, group.active);
const privateOnly = (group: UserMetersGroup) => without(group.assigned, group.assigned_v6_or_public);
const ipv6Homes = (group: UserMetersGroup) => inBoth(group.active_v6, group.delegated, group.active_v6_or_delegated);

const ASSIGNED: Meter<api.UsersEstimate> = {
  kinds: ["v6", "active_v6"],
  needs: ["assigned_v6"],
  countsOf: (group) => [group.assigned_v6],
  figures: (group) => estimate(counted(group.assigned_v6)),
  blank: NO_ESTIMATE,
};

const DUAL_STACK: Meter<Pick<api.DualStackUsers["total"], "assigned" | "active">> = {
  kinds: ["v6", "v4_public", "v4_private", "active_v4", "active_v6"],
  needs: ["assigned_v6", "assigned_v4", "assigned", "active_v4", "active_v6", "active"],
  countsOf: (group) => [bothAssigned(group).users, bothActive(group).users],
  figures: (group) => ({ assigned: estimate(bothAssigned(group)), active: estimate(bothActive(group)) }),
  blank: { assigned: NO_ESTIMATE, active: NO_ESTIMATE },
};

const PRIVATE_IPV4: Meter<Omit<api.PrivateIpv4Users["total"], "method" | "coverage" | "suppressed">> = {
  kinds: ["v6", "v4_public", "v4_private", "active_v6"],
  needs: ["assigned", "assigned_v6_or_public", "started_v4", "started_private"],
  countsOf: (group) => [privateOnly(group).users, group.started_v4, group.started_private],
  figures: (group) => ({
    only: estimate(privateOnly(group)),
    new_sessions: estimate(counted(group.started_v4)),
    new_private_sessions: estimate(counted(group.started_private)),
    private_share: ratioOf(group.started_private, group.started_v4),
  }),
  blank: { only: NO_ESTIMATE, new_sessions: NO_ESTIMATE, new_private_sessions: NO_ESTIMATE, private_share: null },
};

const HOME_ROUTERS: Meter<Pick<api.HomeRouters["total"], "ipv6" | "active" | "share">> = {
  kinds: ["delegated", "active_v4", "active_v6"],
  needs: ["delegated", "active_v6", "active", "active_v6_or_delegated"],
  countsOf: (group) => [group.active, ipv6Homes(group).users, group.active - ipv6Homes(group).users],
  figures: (group) => ({
    ipv6: estimate(ipv6Homes(group)),
    active: estimate(counted(group.active)),
    share: ratioOf(ipv6Homes(group).users, group.active),
  }),
  blank: { ipv6: NO_ESTIMATE, active: NO_ESTIMATE, share: null },
};

/** The figures of users that follow from sessions alone. */
export function userMetersRoutes(app: Api, store: Store, leastUsers: number): void {
  const ask = <F, N>(meter: Meter<F>, name: N, parameters: Parameters) =>
    meterAnswer(store, meter, { name, parameters, leastUsers, nowMs: Date.now() });
  const preValidation = listParameters("by", ...api.USER_DIMENSIONS);

  app.get(
    "/api/v1/users/assigned",
    {
      preValidation,
      config: { statements: COUNTED },
      schema: {
        tags: ["users"],
        summary: "Users assigned an IPv6 address (已分配IPv6地址用户数)",
        description: `Subscribers whose session had a global IPv6 address or prefix (Framed-IPv6-Address, Framed-IPv6-Prefix or
Delegated-IPv6-Prefix) in the period. They need not have used it.

${COMMON}`,
        querystring: api.usersParameters,
        response: { 200: api.assignedUsers },
      },
    },
    async ({ query }) =>
      ask(ASSIGNED, { zh: "已分配IPv6地址用户数", en: "Users assigned an IPv6 address" } as const, query),
  );

  app.get(
    "/api/v1/users/dual-stack",
    {
      preValidation,
      config: { statements: COUNTED },
      schema: {
        tags: ["users"],
        summary: "Dual-stack users (双栈用户数)",
        description: `Subscribers who in the period were assigned both families, and those who were active on both. Those active on IPv4
behind an address that several subscribers share are known only where a block of ports tells them apart.

${COMMON}`,
        querystring: api.usersParameters,
        response: { 200: api.dualStackUsers },
      },
    },
    async ({ query }) => ask(DUAL_STACK, { zh: "双栈用户数", en: "Dual-stack users" } as const, query),
  );

  app.get(
    "/api/v1/users/private-ipv4",
    {
      preValidation,
      config: { statements: COUNTED },
      schema: {
        tags: ["users"],
        summary: "Users of private IPv4 addresses, and new sessions given one (不再使用私有IPv4地址)",
        description: `Subscribers who in the period had a private or shared IPv4 address (RFC 1918, RFC 6598) and neither a public one nor
IPv6; and of the sessions that began with an IPv4 address those whose address is private, which is to come down to none.

${COMMON}`,
        querystring: api.usersParameters,
        response: { 200: api.privateIpv4Users },
      },
    },
    async ({ query }) =>
      ask(PRIVATE_IPV4, { zh: "私有IPv4地址用户数", en: "Users of private IPv4 addresses" } as const, query),
  );

  app.get(
    "/api/v1/users/home-routers",
    {
      preValidation: listParameters("by", "region", "operator"),
      config: { statements: COUNTED },
      schema: {
        tags: ["users"],
        summary: "IPv6 share of home routers (家庭路由器IPv6占比)",
        description: `Subscribers of fixed access whose session had a delegated prefix and who were active on IPv6, of all subscribers of fixed
access who were active. A delegated prefix is what a router asks for, so a line without one has no router that uses IPv6.

${COMMON}`,
        querystring: api.homeRoutersParameters,
        response: { 200: api.homeRouters },
      },
    },
    async ({ query }) =>
      ask(HOME_ROUTERS, { zh: "家庭路由器IPv6占比", en: "IPv6 share of home routers" } as const, {
        ...query,
        access: ["fixed"],
      }),
  );
}

interface Parameters {
  readonly day?: string | undefined;
  readonly month?: string | undefined;
  readonly rolling30d?: string | undefined;
  readonly by: readonly api.UserDimension[];
  readonly region: string[];
  readonly operator: string[];
  readonly access: string[];
}

async function meterAnswer<F, N>(
  store: Store,
  { kinds, needs, countsOf, figures, blank }: Meter<F>,
  { name, parameters, leastUsers, nowMs }: { name: N; parameters: Parameters; leastUsers: number; nowMs: number },
) {
  const period = namedUsersPeriod(parameters, nowMs);
  const question = questionOf(parameters);
  const { from_day, to_day, monthly } = period;
  const [rotations, groups] = await Promise.all([
    keyRotations(store, period),
    store.query(userMetersQuery, {
      from_day,
      to_day,
      accesses: accessesOf(question),
      ...levelParameters(question),
      active_table: monthly ? "users_1mo" : "users_1d",
      assigned_table: monthly ? "assigned_1mo" : "assigned_1d",
      kinds: [...kinds],
      figures: [...needs],
    }),
  ]);
  // Of a subscriber whom no session told nothing is known; of one whose key changed, that it is the same.
  const isTold = (group: UserMetersGroup) =>
    rotations.length === 0 && (group.assigned > 0 || group.assigned_v6 > 0 || group.delegated > 0 || group.active > 0);
  const { rows, total } = rowsAndTotal(groups, question, {
    least: leastUsers,
    countsOf,
    figures: (group) => ({
      method: isTold(group) ? ("aaa" as const) : ("none" as const),
      ...(isTold(group) ? figures(group) : blank),
      coverage: coverageOf({ activePrefixes: group.active_prefixes, sessionPrefixes: group.session_prefixes }),
      suppressed: false,
    }),
    hidden: () => ({ method: "aaa" as const, ...blank, coverage: null, suppressed: true }),
    nothing: NOTHING,
  });
  return {
    ...preamble(name, parameters, period, { least: leastUsers, rotations }),
    rows: rows.map(({ group: _, ...row }) => row),
    total,
  };
}
