import { z } from "zod";
import { AUDIT_ACTIONS, type AuditAction, auditRecord } from "../access.ts";
import { instant } from "./instant.ts";
import { oneOf, periodParameters } from "./parameters.ts";

const LIMIT = { error: "a whole number from 1 to 500" };

/** Parameters of `GET /api/v1/audit`. */
export const auditParameters = z
  .strictObject({
    from: periodParameters.from.describe("Entries of this instant and later"),
    to: periodParameters.to.describe("Entries before this instant"),
    actor: z.string().min(1).max(256).optional().describe("Name of the key, token or user of the system, exactly"),
    action: z
      .array(oneOf(Object.keys(AUDIT_ACTIONS) as AuditAction[]))
      .default([])
      .describe("What was done"),
    limit: z.coerce
      .number(LIMIT)
      .int(LIMIT)
      .min(1, LIMIT)
      .max(500, LIMIT)
      .default(100)
      .describe("At most so many entries"),
    page: z.string().max(100).optional().describe("next of the answer before, to the same question"),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(from) < Date.parse(to), {
    path: ["to"],
    error: "an instant after from",
  });

/** Answer of `GET /api/v1/audit`. */
export const audit = z
  .object({
    entries: z
      .array(auditRecord.omit({ previous: true, hash: true }).extend({ at: instant }))
      .describe("The newest first"),
    unreadable: z
      .int()
      .describe("Lines that were passed over: they are not what was written; v6meter audit verify says where and why"),
    next: z
      .string()
      .nullable()
      .describe(
        "page of the older entries; null: there are none. An answer may have fewer entries than limit, or none, and yet a next",
      ),
  })
  .describe("What people did");
export type AuditEntries = z.infer<typeof audit>;
