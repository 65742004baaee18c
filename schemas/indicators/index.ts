export * from "./catalogue-file.ts";
export * from "./catalogue-words.ts";
export * from "./indicator.ts";
export * from "./object.ts";
export * from "./prefix-range.ts";
export * from "./scoring.ts";
export * from "./target.ts";
