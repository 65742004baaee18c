import { z } from "zod";
import { ACCESS_TYPES, type AccessType } from "../flow/vocabulary.ts";
import { ratio } from "./count.ts";
import { instant, ZONE } from "./instant.ts";
import { oneOf, periodParameters, registryWord } from "./parameters.ts";

/** Access networks whose subscribers are users; servers of a data centre are none, and unknown tells nothing. */
export const USER_ACCESS_TYPES = ["mobile", "fixed", "iot", "enterprise"] as const satisfies readonly AccessType[];

/** What figures of users can be grouped and filtered by. */
export const USER_DIMENSIONS = ["region", "operator", "access"] as const;
export type UserDimension = (typeof USER_DIMENSIONS)[number];

/** The same with the family, for what is counted by family. */
export const ACTIVE_DIMENSIONS = [...USER_DIMENSIONS, "family"] as const;
export type ActiveDimension = (typeof ACTIVE_DIMENSIONS)[number];

/** Families as a request names them. */
export const FAMILIES = ["4", "6"] as const;

const periods = {
  day: periodParameters.day,
  month: periodParameters.month,
  rolling30d: periodParameters.day.describe("The last of 30 days of Asia/Shanghai"),
};

const filters = {
  region: z.array(registryWord).default([]).describe("Administrative code, such as 210100, or unknown"),
  operator: z.array(registryWord).default([]).describe("Operator of the registry, or unknown"),
  access: z
    .array(oneOf(Object.keys(ACCESS_TYPES) as AccessType[]))
    .default([])
    .describe("Access network; without it mobile, fixed, iot and enterprise"),
};

const by = z
  .array(oneOf(USER_DIMENSIONS))
  .default([])
  .describe("Dimensions of the rows, separated by commas or repeated");

/** Refuses a period that is named twice. */
function onePeriod(parameters: Record<string, unknown>, context: z.RefinementCtx): void {
  const [, second] = ["day", "month", "rolling30d"].filter((name) => parameters[name] !== undefined);
  if (second !== undefined) {
    context.addIssue({ code: "custom", path: [second], message: "one of day, month and rolling30d" });
  }
}

const family = z.array(oneOf(FAMILIES)).optional().describe("Family; 6 without it, both where rows are by family");

/** Parameters of `GET /api/v1/users/active`. */
export const activeUsersParameters = z
  .strictObject({
    ...periods,
    by: z
      .array(oneOf(ACTIVE_DIMENSIONS))
      .default([])
      .describe("Dimensions of the rows, separated by commas or repeated"),
    ...filters,
    family,
  })
  .superRefine(onePeriod);
export type ActiveUsersParameters = z.output<typeof activeUsersParameters>;

/** Parameters of the other figures of users. */
export const usersParameters = z.strictObject({ ...periods, by, ...filters }).superRefine(onePeriod);
export type UsersParameters = z.output<typeof usersParameters>;

/** Parameters of home routers: their access is fixed. */
export const homeRoutersParameters = z
  .strictObject({
    ...periods,
    by: z
      .array(oneOf(["region", "operator"]))
      .default([])
      .describe("Dimensions of the rows, separated by commas or repeated"),
    region: filters.region,
    operator: filters.operator,
  })
  .superRefine(onePeriod);

/** Parameters of retention: of a month to the one before. */
export const retentionParameters = z.strictObject({ month: periods.month, by, ...filters, family });
export type RetentionParameters = z.output<typeof retentionParameters>;

const number = z.int().min(0).nullable();

const interval = {
  users: number.describe("Value; null where there is none or it is suppressed"),
  low: number.describe("Lower end of the interval"),
  high: number.describe("Upper end; null where nothing bounds it"),
};

/** A number with the ends of its interval. */
const estimate = z.object(interval);
export type UsersEstimate = z.infer<typeof estimate>;

/** AAA coverage as answers say it. */
export const aaaCoverage = ratio.describe(
  "AAA coverage: part of the active IPv6 prefixes that was seen with a session; null without prefixes or suppressed",
);
const suppressed = z
  .boolean()
  .describe("Not published: fewer than min_cell_users, or it would tell another figure that is so few");
const sessionMethod = z
  .enum(["aaa", "none"])
  .describe("aaa: by sessions; none: no session was told, so there is no figure");
const panelMethod = z
  .enum(["panel", "none"])
  .describe(
    "panel: of the subscribers told by a session, those whose hash falls in one of 64, exactly; none: nobody of them",
  );

const dimensions = {
  region: z.string().optional(),
  operator: z.string().optional(),
  access: z.string().optional(),
};

/** What every answer about users begins with. */
function answer<const Z extends string, const E extends string, R extends z.ZodRawShape, D extends z.ZodRawShape>(
  name: { zh: Z; en: E },
  figures: R,
  places: D,
) {
  return z.object({
    name: z.object({ zh: z.literal(name.zh), en: z.literal(name.en) }),
    period: z.object({ from: instant, to: instant, zone: z.literal(ZONE) }).describe("The period in force, [from, to)"),
    by: z.array(z.string()),
    min_cell_users: z.int().describe("Figures of fewer users are suppressed"),
    key_rotations: z
      .array(instant)
      .describe(
        "When the key of the subscribers' hashes changed within the period: figures that would span it are null",
      ),
    rows: z.array(z.object({ ...places, ...figures })),
    total: z.object(figures).describe("Of all rows; a subscriber seen in several of them counts once"),
  });
}

/** How the users of a figure were told, best first. */
export const ladderMethod = z
  .enum(["aaa", "ratio", "partial", "prefixes"])
  .describe(
    "aaa: by sessions, which cover at least 98 % of the prefixes. ratio: beyond the sessions, prefixes times users a prefix in covered regions of the same operator and access. partial: a part has no users figure, and users are a lower bound. prefixes: no users figure",
  );

const activeFigures = {
  method: ladderMethod,
  ...interval,
  coverage: aaaCoverage,
  session_users: number.describe("Distinct subscribers told by a session, which users begin with"),
  unseen_users: number.describe("Part of users that packet sampling missed, by Chao1; IoT only"),
  active_prefixes: number.describe("Active subscriber prefixes (活跃前缀); never users"),
  unestimated_prefixes: number.describe("Those of them for which there is no users figure"),
  suppressed,
};

/** Answer of `GET /api/v1/users/active`. */
export const activeUsers = answer({ zh: "IPv6活跃连接数", en: "Active connections" }, activeFigures, {
  ...dimensions,
  family: z.enum(FAMILIES).optional(),
});
export type ActiveUsers = z.infer<typeof activeUsers>;

/** Answer of `GET /api/v1/users/assigned`. */
export const assignedUsers = answer(
  { zh: "已分配IPv6地址用户数", en: "Users assigned an IPv6 address" },
  { method: sessionMethod, ...interval, coverage: aaaCoverage, suppressed },
  dimensions,
);
export type AssignedUsers = z.infer<typeof assignedUsers>;

/** Answer of `GET /api/v1/users/dual-stack`. */
export const dualStackUsers = answer(
  { zh: "双栈用户数", en: "Dual-stack users" },
  {
    method: sessionMethod,
    assigned: estimate.describe("Assigned both an IPv6 and an IPv4 address in the period"),
    active: estimate.describe("Active on both families in the period"),
    coverage: aaaCoverage,
    suppressed,
  },
  dimensions,
);
export type DualStackUsers = z.infer<typeof dualStackUsers>;

/** Answer of `GET /api/v1/users/private-ipv4`. */
export const privateIpv4Users = answer(
  { zh: "私有IPv4地址用户数", en: "Users of private IPv4 addresses" },
  {
    method: sessionMethod,
    only: estimate.describe("Assigned private IPv4 and in the period neither a public one nor IPv6"),
    new_sessions: estimate.describe("Sessions that began with an IPv4 address"),
    new_private_sessions: estimate.describe("Those of them whose address is private (不再使用私有IPv4地址)"),
    private_share: ratio.describe("new_private_sessions / new_sessions"),
    coverage: aaaCoverage,
    suppressed,
  },
  dimensions,
);
export type PrivateIpv4Users = z.infer<typeof privateIpv4Users>;

/** Answer of `GET /api/v1/users/home-routers`. */
export const homeRouters = answer(
  { zh: "家庭路由器IPv6占比", en: "IPv6 share of home routers" },
  {
    method: sessionMethod,
    ipv6: estimate.describe("Fixed subscribers with a delegated prefix who are active on IPv6"),
    active: estimate.describe("Fixed subscribers who are active on either family"),
    share: ratio.describe("ipv6 / active"),
    coverage: aaaCoverage,
    suppressed,
  },
  { region: dimensions.region, operator: dimensions.operator },
);
export type HomeRouters = z.infer<typeof homeRouters>;

/** A part of a panel with the ends of an interval made to hold the truth in 99 of 100 cases. */
const part = z.object({ value: ratio, low: ratio, high: ratio });
export type PanelPart = z.infer<typeof part>;

/** Answer of `GET /api/v1/users/preference`. */
export const preference = answer(
  { zh: "双栈用户IPv6优先情况", en: "IPv6 preference of dual-stack users" },
  {
    method: panelMethod,
    panel_users: number.describe("Subscribers of the panel who were active on both families"),
    v6_share: ratio.describe("IPv6 part of the bytes they sent, scaled by the sampling rate"),
    preferring_v4: part.describe("Part of them who sent more over IPv4 though IPv6 serves them"),
    suppressed,
  },
  dimensions,
);
export type Preference = z.infer<typeof preference>;

/** Answer of `GET /api/v1/users/retention`. */
export const retention = answer(
  { zh: "活跃用户留存率", en: "Retention of active users" },
  {
    method: panelMethod,
    panel_users_before: number.describe("Subscribers of the panel who were active in the month before"),
    retained: part.describe("Part of them who are active in this month; null where the key changed between the two"),
    panel_users: number.describe("Subscribers of the panel who are active in this month"),
    days_active: z.number().nullable().describe("Mean days of this month on which they were active"),
    prefixes_a_user: z.number().nullable().describe("Mean prefixes they had in this month"),
    suppressed,
  },
  dimensions,
);
export type Retention = z.infer<typeof retention>;
