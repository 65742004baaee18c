export * from "./backlog.ts";
export { type BatchReader, type OnDatagram, readInBatches } from "./batches.ts";
export * from "./bind.ts";
export { type SocketWatch, watchOwnSockets } from "./own.ts";
export * from "./udp-table.ts";
