export { type Audit, AuditLog, type AuditLogOptions } from "./audit-log.ts";
export { FIRST_ADMINISTRATOR, type Identities, type IdentitiesOptions, identitiesOf } from "./identities.ts";
export { actorOf, type Identity, UNKNOWN_ACTOR } from "./identity.ts";
export { KeyRing, type ListedKey, type NewKey } from "./keys.ts";
export { RateLimit } from "./rate.ts";
export { openTokens, type Tokens } from "./tokens.ts";
export { type AuditVerdict, type NotedRecord, verifyAudit } from "./verify-audit.ts";
