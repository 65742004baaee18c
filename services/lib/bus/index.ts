export { openEmbeddedBus } from "./embedded/bus.ts";
export { contentOf } from "./folded.ts";
export { type KafkaBusOptions, openKafkaBus } from "./kafka/bus.ts";
export * from "./port.ts";
