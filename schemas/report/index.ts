export * from "./document.ts";
export * from "./template.ts";
