import { z } from "zod";
import { AUDIT_ACTIONS, type AuditAction, ROLE_NAMES, type Role } from "./access-words.ts";
import { SUBMISSION_CHANGE_ROUTES, SUBMISSION_CHANGES } from "./submissions/change.ts";

export * from "./access-words.ts";

const EVERYBODY_NAMED = ["administrator", "regulator", "analyst", "operator"] as const;

/**
 * The one table of routes and roles: `open` answers without a key, a list names the roles it answers. A
 * route that is missing here stops the start. A route of `operator` must narrow its answer to the operator
 * of the request; a test tries each with two operators' data.
 */
export const ROUTE_ACCESS: Readonly<Record<string, "open" | readonly Role[]>> = {
  "GET /healthz": "open",
  "GET /readyz": "open",
  "GET /openapi.json": "open",
  "GET /docs": "open",
  "GET /docs/": "open",
  "GET /docs/json": "open",
  "GET /docs/yaml": "open",
  "GET /docs/static/*": "open",
  "GET /docs/static/index.html": "open",
  "GET /docs/static/swagger-initializer.js": "open",
  "GET /": "open",
  "GET /console/*": "open",
  "GET /metrics": ["administrator"],
  "GET /api/v1/identity": EVERYBODY_NAMED,
  "GET /api/v1/keys": ["administrator"],
  "POST /api/v1/keys": ["administrator"],
  "DELETE /api/v1/keys/:id": ["administrator"],
  "GET /api/v1/audit": ["administrator"],
  "GET /api/v1/registry": EVERYBODY_NAMED,
  "GET /api/v1/registry/state": ["administrator"],
  "GET /api/v1/traffic/share": EVERYBODY_NAMED,
  "GET /api/v1/traffic/peers": EVERYBODY_NAMED,
  "GET /api/v1/traffic/interconnect": EVERYBODY_NAMED,
  // The public gets definitions, and figures of published snapshots only.
  "GET /api/v1/indicators": [...EVERYBODY_NAMED, "public"],
  "GET /api/v1/indicators/:id": [...EVERYBODY_NAMED, "public"],
  "GET /api/v1/objects": ["administrator", "regulator", "analyst"],
  "GET /api/v1/objects/traffic": EVERYBODY_NAMED,
  "GET /api/v1/evaluations": ["administrator", "regulator", "analyst"],
  "GET /api/v1/targets": ["administrator", "regulator", "analyst"],
  "GET /api/v1/exporters": ["administrator", "regulator", "operator"],
  "GET /api/v1/ledger": EVERYBODY_NAMED,
  "GET /api/v1/users/active": EVERYBODY_NAMED,
  "GET /api/v1/users/assigned": EVERYBODY_NAMED,
  "GET /api/v1/users/dual-stack": EVERYBODY_NAMED,
  "GET /api/v1/users/private-ipv4": EVERYBODY_NAMED,
  "GET /api/v1/users/home-routers": EVERYBODY_NAMED,
  "GET /api/v1/users/preference": EVERYBODY_NAMED,
  "GET /api/v1/users/retention": EVERYBODY_NAMED,
  "GET /api/v1/reports/monthly/:file": ["administrator", "regulator"],
  "POST /api/v1/reports/monthly/:month/publish": ["regulator"],
  "GET /api/v1/snapshots": ["administrator", "regulator", "analyst"],
  "POST /api/v1/snapshots": ["administrator", "regulator"],
  "GET /api/v1/snapshots/:id": ["administrator", "regulator", "analyst"],
  "GET /api/v1/snapshots/:id/differences": ["administrator", "regulator", "analyst"],
  "POST /api/v1/snapshots/:id/publish": ["administrator", "regulator"],
  "POST /api/v1/sql": ["administrator", "analyst"],
  "GET /api/v1/sql/catalogue": ["administrator", "analyst"],
  "GET /api/v1/submissions": EVERYBODY_NAMED,
  "GET /api/v1/submissions/:id": EVERYBODY_NAMED,
  "GET /api/v1/submissions/templates/:series": EVERYBODY_NAMED,
  "POST /api/v1/submissions": SUBMISSION_CHANGES.hand_in.roles,
  ...SUBMISSION_CHANGE_ROUTES,
};

/** Name of a key: how it is told in lists and in the audit log. */
export const keyName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, {
  error: "must be 1 to 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit",
});

const moment = z.iso.datetime({ offset: true });

/** A key as it is kept: its SHA-256, never itself. */
export const storedKey = z
  .strictObject({
    name: keyName,
    role: z.enum(ROLE_NAMES),
    operator: z.string().min(1).nullable(),
    raw: z.boolean(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    created_at: moment,
    expires_at: moment.nullable(),
  })
  .refine(({ role, operator }) => (role === "operator") === (operator !== null), {
    error: "an operator is named exactly where the role is operator",
  })
  .refine(({ role, raw }) => !raw || role === "administrator", { error: "only an administrator has the right raw" });
export type StoredKey = z.infer<typeof storedKey>;

/** `keys.json` of the keys' folder. */
export const keysFile = z.strictObject({ version: z.literal(1), keys: z.array(storedKey) });

/** `keys-used.json`: when a key was last used, by its SHA-256; a convenience, written now and then. */
export const keysUsedFile = z.record(z.string(), moment);

/** Who did what is written down: a key's name or a token's subject. */
export const auditActor = z.object({
  kind: z.enum(["key", "token", "command", "unknown"]),
  name: z.string(),
  role: z.enum(ROLE_NAMES).nullable(),
  operator: z.string().nullable(),
});
export type AuditActor = z.infer<typeof auditActor>;

/** A line of the audit log. `hash` is SHA-256 over the hash before, a newline, and this line without `hash`, its members sorted. */
export const auditRecord = z.strictObject({
  seq: z.int().min(1),
  at: z.iso.datetime(),
  actor: auditActor,
  from: z.string().nullable(),
  action: z.enum(Object.keys(AUDIT_ACTIONS) as [AuditAction, ...AuditAction[]]),
  outcome: z.string(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  previous: z.string().regex(/^[0-9a-f]{64}$/),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});
export type AuditRecord = z.infer<typeof auditRecord>;
/** What a writer says; the log adds place, time and hashes. */
export type AuditEntry = Pick<AuditRecord, "actor" | "from" | "action" | "outcome" | "detail">;
