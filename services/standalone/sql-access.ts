import { actorOf, RateLimit, UNKNOWN_ACTOR } from "@v6meter/identity";
import type { Logger } from "@v6meter/runtime";
import { type AccessConfig, type AuditEntry, Fault } from "@v6meter/schemas";
import type { SqlAccess } from "@v6meter/store/interface";
import type { Access } from "./access.ts";

/** The user of the SQL port that the generated analyst.key opens. */
const GENERATED = { kind: "key", role: "analyst", operator: null } as const;

/** Of the name that a refused login gave. */
const USER_MAX_LENGTH = 64;

/**
 * Named keys and tokens at the SQL port, as a password beside any user's name: those of analysts and administrators.
 * Every statement of a person is written into the audit log before it runs and when it has ended.
 */
export function sqlAccess(
  { identities, audit }: Pick<Access, "identities" | "audit">,
  { requests_per_minute }: Pick<AccessConfig, "requests_per_minute">,
  logger: Logger,
): SqlAccess {
  const requests = new RateLimit(requests_per_minute);
  return {
    async identify(_user, password) {
      const identity = await identities.identify(password);
      if (identity?.role !== "administrator" && identity?.role !== "analyst") return null;
      const limited = requests.take(`${identity.kind} ${identity.name}`);
      if (limited) {
        const what = `${identity.name} has sent too many requests: allowed is the next one in ${limited.retryAfterS} s.`;
        throw new Fault("TOO_MANY_REQUESTS", what);
      }
      const { name, raw } = identity;
      return { name, sight: raw ? "all" : "analyst", actor: actorOf(identity) };
    },
    async refused({ user, address }) {
      const detail = { user: user.slice(0, USER_MAX_LENGTH), by: "sql port" };
      const entry = {
        actor: UNKNOWN_ACTOR,
        from: address,
        action: "request.denied",
        outcome: "UNAUTHORIZED",
        detail,
      } as const;
      // A refusal stands whether or not it can be written down.
      await audit.append(entry).catch((err: unknown) => {
        logger.error({ err }, "a refused login could not be written into the audit log");
      });
    },
    async begins({ account, address, statement }) {
      const actor = account.actor ?? { ...GENERATED, name: account.name };
      const entry: Pick<AuditEntry, "actor" | "from"> = { actor, from: address };
      const detail = { statement, raw: account.sight === "all", by: "sql port" };
      await audit.append({ ...entry, action: "sql.run", outcome: "started", detail });
      return async ({ outcome, sha256, rows, durationMs }) =>
        audit.append({
          ...entry,
          action: "sql.end",
          outcome,
          detail: { sha256, rows, duration_ms: Math.round(durationMs) },
        });
    },
  };
}
