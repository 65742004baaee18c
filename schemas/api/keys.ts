import { z } from "zod";
import { keyName, ROLE_NAMES } from "../access.ts";
import { instant } from "./instant.ts";
import { oneOf, registryWord } from "./parameters.ts";

/** Longest time a key is made for, in days. */
export const KEY_MAX_DAYS = 36_500;

/** Time a key is made for where nothing else is said, in days. */
export const KEY_DEFAULT_DAYS = 365;

const DAYS = { error: `a whole number of days from 1 to ${KEY_MAX_DAYS}, or null: until it is revoked` };

const listedKey = z.object({
  name: z.string(),
  role: z.enum(ROLE_NAMES),
  operator: z.string().nullable().describe("Whose figures it sees; set exactly where the role is operator"),
  raw: z.boolean().describe("Whether its SQL sees raw flows"),
  created_at: instant,
  expires_at: instant.nullable().describe("null: it is good until it is revoked"),
  expired: z.boolean(),
  last_used_at: instant.nullable().describe("Written down once a minute; null: never"),
});
export type ListedKey = z.infer<typeof listedKey>;

/** Answer of `GET /api/v1/keys`: the named keys, nothing of their secrets. */
export const keys = z.object({ keys: z.array(listedKey).describe("By name") }).describe("The named keys");
export type Keys = z.infer<typeof keys>;

/** Body of `POST /api/v1/keys`: what the new key is to be. */
export const newKey = z
  .strictObject({
    name: keyName,
    role: oneOf(ROLE_NAMES),
    operator: registryWord.nullable().default(null).describe("Unit of the key; exactly where the role is operator"),
    raw: z.boolean().default(false).describe("SQL over raw flows; of administrators, by one whose key has it"),
    days: z
      .int(DAYS)
      .min(1, DAYS)
      .max(KEY_MAX_DAYS, DAYS)
      .nullable()
      .default(KEY_DEFAULT_DAYS)
      .describe("Days until it expires; null: never"),
  })
  .refine(({ role, operator }) => (role === "operator") === (operator !== null), {
    path: ["operator"],
    error: "a unit exactly where the role is operator",
  })
  .refine(({ role, raw }) => !raw || role === "administrator", {
    path: ["raw"],
    error: "true only where the role is administrator",
  });

/** Answer of `POST /api/v1/keys`: the only one that ever holds the key itself. */
export const madeKey = listedKey
  .extend({ key: z.string().describe("The key; it is told this once and kept nowhere") })
  .describe("The key that was made");
export type MadeKey = z.infer<typeof madeKey>;

/** Answer of `DELETE /api/v1/keys/{id}`: the key that opens nothing any more. */
export const revokedKey = z.object({ name: z.string(), role: z.enum(ROLE_NAMES) }).describe("The key that was revoked");
export type RevokedKey = z.infer<typeof revokedKey>;
