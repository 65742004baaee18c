import { missingTools } from "./distribution.ts";
import { startKafka } from "./kafka.ts";

/** Brokers for a suite, and how to give them back. */
export interface Brokers {
  readonly brokers: readonly string[];
  stop(): Promise<void>;
}

/**
 * Whether the suites that need Kafka can run: KAFKA_BROKERS names some, or Java and Maven are here. Where
 * they cannot, one line says so, and under CI=true it is an error: nothing is skipped there.
 */
export function kafkaIsThere(env: NodeJS.ProcessEnv = process.env): boolean {
  const missing = env.KAFKA_BROKERS ? [] : missingTools();
  if (missing.length === 0) return true;
  const line = `NOT RUN: the suites that need Kafka: neither KAFKA_BROKERS nor ${missing.join(" and ")} here`;
  if (env.CI) throw new Error(line);
  process.stderr.write(`${line}\n`);
  return false;
}

/** The brokers of KAFKA_BROKERS, or a node of one's own. */
export async function brokersForTests(): Promise<Brokers> {
  const given = process.env.KAFKA_BROKERS;
  if (given) return { brokers: given.split(",").map((text) => text.trim()), stop: async () => {} };
  return startKafka();
}
