export * from "./distribution.ts";
export * from "./kafka.ts";
export * from "./needed.ts";
