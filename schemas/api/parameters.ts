import { z } from "zod";
import { addressBytes } from "../flow/address.ts";

/**
 * Parameters of requests. The text of each `error` completes the sentence "allowed: …" of a 400.
 */

/** One of a closed vocabulary. */
export function oneOf<T extends string>(words: readonly T[]) {
  return z.enum(words as readonly [T, ...T[]], { error: `one of ${words.join(", ")}` });
}

/** A word of an open vocabulary: the registry names regions and operators. */
export const registryWord = z.string().regex(/^[\p{L}\p{N}_.-]{1,64}$/u, {
  error: "1 to 64 letters, digits, '_', '.' or '-'; repeat the parameter for more",
});

/** Address of an exporter. */
export const exporterAddress = z
  .string()
  .refine((text) => !text.includes("%") && addressBytes(text) !== null, { error: "an IPv4 or IPv6 address" });

const LIMIT = { error: "a whole number from 1 to 10000" };

/** Rows of a page, where an answer is asked for by pages. */
export const pageLimit = z.coerce.number(LIMIT).int(LIMIT).min(1, LIMIT).max(10_000, LIMIT);

/** Parameters of an answer whose rows come by pages; all rows at once without them. */
export const pageParameters = {
  limit: pageLimit
    .optional()
    .describe("At most so many rows; next in the answer, and in the header Link, leads to those after them"),
  page: z
    .string()
    .max(1_000)
    .optional()
    .describe(
      "The page to answer: next of the answer before, to the same question; of a frozen month it stays with its snapshot",
    ),
};

/** The earliest and the latest instant the store can hold in a DateTime column, to the year. */
const EARLIEST_MS = Date.UTC(2000, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);
const INSTANT_ALLOWED =
  "an ISO 8601 date and time with an offset between 2000 and 2100, such as 2026-11-24T00:00:00%2B08:00 or 2026-11-23T16:00:00Z";

const instantParameter = z.iso
  .datetime({ offset: true, error: INSTANT_ALLOWED, abort: true })
  .refine((text) => Date.parse(text) >= EARLIEST_MS && Date.parse(text) <= LATEST_MS, { error: INSTANT_ALLOWED });

/** The four ways to name a period; at most one of them, see `requirePeriod`. */
export const periodParameters = {
  from: instantParameter.optional().describe("Begin of the period, included"),
  to: instantParameter.optional().describe("End of the period, not included; now where only from is given"),
  day: z.iso
    .date({ error: "a day such as 2026-11-24, cut in Asia/Shanghai", abort: true })
    .refine((text) => /^20/.test(text), { error: "a day of the years 2000 to 2099" })
    .optional()
    .describe("A day of Asia/Shanghai"),
  month: z
    .string()
    .regex(/^20\d\d-(0[1-9]|1[0-2])$/, { error: "a month such as 2026-11, cut in Asia/Shanghai" })
    .optional()
    .describe("A month of Asia/Shanghai"),
};

/** The period a request names, as it was sent. */
export type PeriodParameters = { [K in keyof typeof periodParameters]?: string | undefined };

/** Refuses a period that is named twice or that ends before it begins. */
export function requirePeriod(parameters: PeriodParameters, context: z.RefinementCtx): void {
  const { from, to, day, month } = parameters;
  if (day !== undefined && month !== undefined) {
    context.addIssue({ code: "custom", path: ["month"], message: "either day or month, not both" });
  }
  for (const [name, value] of Object.entries({ from, to })) {
    if (value !== undefined && (day ?? month) !== undefined) {
      const other = day === undefined ? "month" : "day";
      context.addIssue({ code: "custom", path: [name], message: `either ${other} or from and to, not both` });
    }
  }
  if (to !== undefined && from === undefined && (day ?? month) === undefined) {
    context.addIssue({ code: "custom", path: ["from"], message: "needed where to is given" });
  }
  if (from !== undefined && to !== undefined && Date.parse(from) >= Date.parse(to)) {
    context.addIssue({ code: "custom", path: ["to"], message: "an instant after from" });
  }
}
