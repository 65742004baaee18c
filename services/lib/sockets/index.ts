export * from "./backlog.ts";
export * from "./own.ts";
export * from "./udp-table.ts";
