import type { AuditActor, Role } from "@v6meter/schemas";

/** Who sends a request, once a key or a token has told. */
export interface Identity {
  readonly kind: "key" | "token";
  /** A key's name, or a token's subject. */
  readonly name: string;
  readonly role: Role;
  /** The operator whose figures alone it may see; set exactly where the role is operator. */
  readonly operator: string | null;
  /** Whether its SQL sees raw flows; of administrators only. */
  readonly raw: boolean;
}

/** The name under which the key of admin.key is told; no other key has it. */
export const FIRST_ADMINISTRATOR = "admin";

/** How the audit log names it. */
export function actorOf({ kind, name, role, operator }: Identity): AuditActor {
  return { kind, name, role, operator };
}

/** Somebody whose credentials told nothing. */
export const UNKNOWN_ACTOR: AuditActor = { kind: "unknown", name: "", role: null, operator: null };
