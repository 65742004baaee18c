export { defineQuery, type QueryDefinition } from "./define-query.ts";
export { type EmbeddedStoreOptions, openEmbeddedStore } from "./embedded.ts";
export * from "./port.ts";
