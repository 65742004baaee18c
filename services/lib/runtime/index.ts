export * from "./command.ts";
export * from "./component.ts";
export * from "./logger.ts";
export * from "./settings.ts";
