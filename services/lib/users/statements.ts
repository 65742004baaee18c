import { api } from "@v6meter/schemas";
import { defineQuery } from "@v6meter/store";
import { z } from "zod";

const texts = z.array(z.string());
const day = z.iso.date();

const period = { from_day: day, to_day: day, accesses: texts };

const levels = {
  levels: texts,
  table_region: z.boolean(),
  table_operator: z.boolean(),
  table_access: z.boolean(),
  by_region: z.boolean(),
  by_operator: z.boolean(),
  by_access: z.boolean(),
  region: texts,
  operator: texts,
  access: texts,
};

const group = {
  level: z.enum(["cell", "joint", "table", "row", "total"]),
  region_group: z.string(),
  operator_group: z.string(),
  access_group: z.string(),
};

/** Width in time of what is counted apart; empty: the whole period together. */
const slice = z.enum(["", "day", "month"]);

const family = z.array(z.literal([4, 6]));

/** A count of the statements: whole, and far below 2^53. */
const users = z.number().min(0);
const countText = z.coerce.number().int().min(0);
/** Sums of bytes, of which only a ratio is published. */
const bytes = z.coerce.number().min(0);

/** What the ladder is computed from. */
export const activeUsersQuery = defineQuery({
  name: "users-active",
  params: z.strictObject({
    ...period,
    ...levels,
    active_table: z.enum(["users_1d", "users_1mo"]),
    family,
    by_family: z.boolean(),
    slice,
  }),
  row: z.object({
    ...group,
    slice_day: z.string(),
    family_group: z.int(),
    session_users: users,
    active_prefixes: users,
    session_prefixes: users,
  }),
});
export type ActiveUsersGroup = z.output<typeof activeUsersQuery.row>;

/** How often the panel's subscribers were seen. */
export const unseenUsersQuery = defineQuery({
  name: "users-unseen",
  params: z.strictObject({
    ...period,
    family,
    by_family: z.boolean(),
    thinned: texts,
    slice,
    slices: texts,
    one_in: z.array(z.int().min(1)),
  }),
  row: z.object({
    slice_day: z.string(),
    region: z.string(),
    operator: z.string(),
    access: z.string(),
    family: z.int(),
    panel_users: countText,
    sampled_users: countText,
    seen_once: countText,
    seen_twice: countText,
  }),
});

export type UnseenUsersRow = z.output<typeof unseenUsersQuery.row>;

/** Kinds of sets of subscribers that users-meters.sql unites. */
export type SubscriberKind = "v6" | "delegated" | "v4_public" | "v4_private" | "active_v4" | "active_v6";

/** Figures of users-meters.sql; what is not asked for is 0. */
export const SUBSCRIBER_FIGURES = [
  "assigned_v6",
  "assigned_v4",
  "assigned_v6_or_public",
  "assigned",
  "delegated",
  "active_v4",
  "active_v6",
  "active",
  "active_v6_or_delegated",
  "started_private",
  "started_v4",
] as const;
export type SubscriberFigure = (typeof SUBSCRIBER_FIGURES)[number];

/** Unique subscribers by assignment and activity, and their unions. */
export const userMetersQuery = defineQuery({
  name: "users-meters",
  params: z.strictObject({
    ...period,
    ...levels,
    active_table: z.enum(["users_1d", "users_1mo"]),
    assigned_table: z.enum(["assigned_1d", "assigned_1mo"]),
    kinds: texts,
    figures: z.array(z.enum(SUBSCRIBER_FIGURES)),
  }),
  row: z.object({
    ...group,
    ...(Object.fromEntries(SUBSCRIBER_FIGURES.map((name) => [name, users])) as Record<SubscriberFigure, typeof users>),
    active_prefixes: users,
    session_prefixes: users,
  }),
});
export type UserMetersGroup = z.output<typeof userMetersQuery.row>;

/** Which family the panel's dual-stack subscribers prefer. */
export const preferenceQuery = defineQuery({
  name: "users-preference",
  params: z.strictObject({ ...period, ...levels }),
  row: z.object({
    ...group,
    dual_users: countText,
    users_preferring_v4: countText,
    dual_v6_bytes: bytes,
    dual_v4_bytes: bytes,
  }),
});

/** Who of the panel came back. */
export const retentionQuery = defineQuery({
  name: "users-retention",
  params: z.strictObject({ ...period, ...levels, family, boundary_day: day }),
  row: z.object({
    ...group,
    users_before: countText,
    users_now: countText,
    users_retained: countText,
    days_active: z.number().nullable(),
    prefixes_a_user: z.number().nullable(),
  }),
});

/** When the key of the subscribers' hashes changed. */
export const keyRotationsQuery = defineQuery({
  name: "key-rotations",
  params: z.strictObject({ from_s: z.int(), to_s: z.int() }),
  row: z.object({ at_s: z.int().transform((seconds) => api.instantText(seconds * 1_000)) }),
});
