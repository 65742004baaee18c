export { repairDeduplicationLogs } from "./deduplication-log.ts";
export { defineQuery, type QueryDefinition } from "./define-query.ts";
export { type EmbeddedStore, type EmbeddedStoreOptions, openEmbeddedStore } from "./embedded.ts";
export { literalStatement } from "./literal-statement.ts";
export * from "./port.ts";
export { openServerStore, type ServerStoreOptions } from "./server/server-store.ts";
