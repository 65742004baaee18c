export * from "./collector.ts";
export * from "./collectors.ts";
export * from "./decoder.ts";
export * from "./forwarder.ts";
