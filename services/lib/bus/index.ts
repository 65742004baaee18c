export { openEmbeddedBus } from "./embedded/bus.ts";
export * from "./port.ts";
