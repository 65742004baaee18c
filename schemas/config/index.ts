import { z } from "zod";
import { accessConfig } from "../access-config.ts";
import { busConfig } from "./bus.ts";
import { classifierConfig } from "./classifier.ts";
import { collectorConfig } from "./collector.ts";
import { queryConfig } from "./query.ts";
import { reportConfig } from "./report.ts";
import { sessionsConfig } from "./sessions.ts";
import { storeConfig } from "./store.ts";

export * from "./bus.ts";
export * from "./classifier.ts";
export * from "./collector.ts";
export * from "./query.ts";
export * from "./report.ts";
export * from "./sessions.ts";
export * from "./store.ts";

/**
 * Every setting, its default and what it means. Unknown keys are refused. Files use these names;
 * environment variables are `V6METER_` and the path in capitals with `__` between its parts
 * (`V6METER_COLLECTOR__UDP=127.0.0.1:2055,127.0.0.1:4739`).
 */
export const config = z.strictObject({
  data_dir: z.string().min(1).default("./data").describe("Folder of the bus, the store and the keys"),
  keys_dir: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("Folder of the keys, which all processes of a platform share; null: data_dir"),
  log_level: z
    .enum(["trace", "debug", "info", "warn", "error", "silent"])
    .default("info")
    .describe("Least level that is logged"),
  collector: collectorConfig.prefault({}),
  bus: busConfig.prefault({}),
  sessions: sessionsConfig.prefault({}),
  classifier: classifierConfig.prefault({}),
  store: storeConfig.prefault({}),
  query: queryConfig.prefault({}),
  report: reportConfig.prefault({}),
  access: accessConfig.prefault({}),
});
export type Config = z.infer<typeof config>;
export type CollectorConfig = Config["collector"];
export type BusConfig = Config["bus"];
export type KafkaConfig = BusConfig["kafka"];
export type SessionsConfig = Config["sessions"];
export type ClassifierConfig = Config["classifier"];
export type StoreConfig = Config["store"];
export type QueryConfig = Config["query"];
