import { actorOf } from "@v6meter/identity";
import type { AuditEntry } from "@v6meter/schemas";
import type { SqlAccess } from "@v6meter/store/interface";
import type { Access } from "./access.ts";

/** The user of the SQL port that the generated analyst.key opens. */
const GENERATED = { kind: "key", role: "analyst", operator: null } as const;

/**
 * Named keys and tokens at the SQL port, as a password beside any user's name: those of analysts and administrators.
 * Every statement of a person is written into the audit log before it runs and when it has ended.
 */
export function sqlAccess({ identities, audit }: Pick<Access, "identities" | "audit">): SqlAccess {
  return {
    async identify(_user, password) {
      const identity = await identities.identify(password);
      if (identity?.role !== "administrator" && identity?.role !== "analyst") return null;
      const { name, raw } = identity;
      return { name, sight: raw ? "all" : "analyst", actor: actorOf(identity) };
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
