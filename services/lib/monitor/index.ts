export * from "./exposition.ts";
export * from "./live.ts";
export * from "./monitor.ts";
