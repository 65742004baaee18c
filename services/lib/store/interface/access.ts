import type { AuditActor } from "@v6meter/schemas";
import type { Sight } from "../port.ts";

/** Who a request is from, once a password has told. */
export interface SqlAccount {
  readonly name: string;
  /** What the statements of a person see. */
  readonly sight: Sight;
  /** How the audit log names a person with a key of the platform. */
  readonly actor?: AuditActor;
}

/** A person's statement that is about to run. */
export interface BegunStatement {
  readonly account: SqlAccount;
  readonly address: string;
  readonly statement: string;
}

export interface EndedStatement {
  /** `done`, `abandoned` or the name of the engine's error. */
  readonly outcome: string;
  readonly sha256: string;
  readonly rows: number | null;
  readonly durationMs: number;
}

/** The people of a platform at its SQL interface, and the witness of their statements. */
export interface SqlAccess {
  /**
   * Whose password this is, whatever user was named; null where nobody's who may send statements. Throws
   * TOO_MANY_REQUESTS, and IDENTITY_UNREACHABLE where that cannot be told now.
   */
  identify(user: string, password: string): Promise<SqlAccount | null>;
  /** Told of a login that was refused. */
  refused(login: { readonly user: string; readonly address: string }): Promise<void>;
  /** Told of every statement of a person before it runs, which it does not where this throws; and of its end. */
  begins(statement: BegunStatement): Promise<(ended: EndedStatement) => Promise<void>>;
}
