import { randomUUID } from "node:crypto";
import { type BusConfig, busConfig } from "@v6meter/schemas";

/** Settings of a bus of its own on the given brokers: another prefix, other topics. */
export function ownPlace(brokers: readonly string[], kafka: Record<string, unknown> = {}): BusConfig {
  return busConfig.parse({
    partitions: 4,
    kafka: {
      brokers,
      topic_prefix: `test-${randomUUID().slice(0, 8)}.`,
      max_message_bytes: 4_194_304,
      session_timeout_ms: 6_000,
      ...kafka,
    },
  });
}
