export * from "./backlog.ts";
export * from "./bind.ts";
export * from "./own.ts";
export * from "./udp-table.ts";
