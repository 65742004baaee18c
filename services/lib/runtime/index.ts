export * from "./command.ts";
export * from "./component.ts";
export * from "./huge-pages.ts";
export * from "./key-file.ts";
export * from "./logger.ts";
export * from "./native.ts";
export * from "./settings.ts";
export * from "./writable-folder.ts";
