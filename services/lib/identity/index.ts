export { type Audit, AuditLog, type AuditLogOptions, writtenDown } from "./audit-log.ts";
export { type Identities, type IdentitiesOptions, identitiesOf } from "./identities.ts";
export { actorOf, FIRST_ADMINISTRATOR, type Identity, UNKNOWN_ACTOR } from "./identity.ts";
export { KeyRing, type ListedKey, type NewKey } from "./keys.ts";
export { RateLimit } from "./rate.ts";
export { type AuditPage, type AuditPlace, type AuditQuestion, type AuditReader, readAudit } from "./read-audit.ts";
export { openTokens, type Tokens } from "./tokens.ts";
export { type AuditVerdict, type NotedRecord, verifyAudit } from "./verify-audit.ts";
