export * from "./change.ts";
export * from "./check.ts";
export * from "./record.ts";
export * from "./template.ts";
