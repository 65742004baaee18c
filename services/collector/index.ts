export * from "./collector.ts";
export * from "./decoder.ts";
export * from "./forwarder.ts";
export * from "./thread.ts";
