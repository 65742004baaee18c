export * from "./config/address.ts";
export * from "./config/config.ts";
export * from "./faults.ts";
export * from "./flow/columns.ts";
export * from "./flow/fields.ts";
export * from "./flow/vocabulary.ts";
export * from "./ledger.ts";
export * from "./topics.ts";
