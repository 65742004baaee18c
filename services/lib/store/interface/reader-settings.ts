import type { RawLimits } from "../port.ts";
import { SqlException } from "./exception.ts";

/** Settings a reader may choose: how an answer is written, never where or from what. */
const CHOSEN =
  /^(?:output_format_(?:json|csv|tsv|tab|native|arrow|parquet|orc|binary|decimal|pretty|xml|values|sql_insert|bson|msgpack|markdown|write)_\w+|date_time_output_format|session_timezone|use_client_time_zone|format_csv_delimiter|bool_true_representation|bool_false_representation|extremes|join_use_nulls|max_block_size|limit|offset|use_uncompressed_cache|prefer_column_name_to_alias|low_cardinality_allow_in_native_format|count_distinct_implementation|asterisk_include_alias_columns|asterisk_include_materialized_columns|allow_experimental_\w+_type|cast_keep_nullable|group_by_use_nulls)$/;

/** Settings that clients send and that stay what they are here. */
const KEPT: ReadonlySet<string> = new Set([
  // One cache for all: an answer of somebody who sees more must not be another's.
  "use_query_cache",
  "readonly",
  "log_comment",
  "log_queries",
  "connect_timeout",
  "receive_timeout",
  "send_timeout",
  "http_receive_timeout",
  "http_send_timeout",
  "http_connection_timeout",
  "allow_experimental_analyzer",
  "max_query_size",
  "async_insert",
  "network_compression_method",
  "network_zstd_compression_level",
  "wait_for_async_insert",
  "timeout_overflow_mode",
  "timeout_before_checking_execution_speed",
]);

/** Limits of a reader, that a request may lower; zero is none, which is the limit. */
const LOWERED: ReadonlyMap<string, (limits: RawLimits, threads: number) => number> = new Map([
  ["max_execution_time", ({ maxExecutionS }: RawLimits) => maxExecutionS],
  ["max_result_rows", ({ maxRows }: RawLimits) => maxRows],
  ["max_memory_usage", ({ maxMemoryBytes }: RawLimits) => maxMemoryBytes],
  ["max_threads", (_limits: RawLimits, threads: number) => threads],
]);

/** What of a reader's settings is heeded. Throws where one is not allowed. */
export function readerSettings(
  given: Readonly<Record<string, string>>,
  limits: RawLimits,
  threads: number,
): Record<string, string | number> {
  const heeded: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(given)) {
    const limit = LOWERED.get(name)?.(limits, threads);
    if (limit !== undefined) {
      const asked = Number(value);
      if (!Number.isFinite(asked) || asked < 0) {
        throw new SqlException(36, "BAD_ARGUMENTS", `The setting ${name}=${JSON.stringify(value)} is not a number.`);
      }
      heeded[name] = asked === 0 ? limit : Math.min(asked, limit);
    } else if (name === "result_overflow_mode" && (value === "throw" || value === "break")) {
      heeded[name] = value;
    } else if (CHOSEN.test(name)) {
      heeded[name] = value;
    } else if (!KEPT.has(name)) {
      throw new SqlException(164, "READONLY", `Cannot modify '${name}' setting in readonly mode.`);
    }
  }
  return heeded;
}
