import type { ClickHouseSettings } from "@clickhouse/client";

/**
 * How an insert is made to be one block a partition, the same at each repetition: one thread, blocks
 * joined until the end. Deduplication then holds in the table and in each view's target, on its own in
 * each: an insert that was cut off between them is completed by its repetition.
 */
export const ONE_BLOCK_SETTINGS = {
  async_insert: 0,
  insert_deduplicate: 1,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  max_threads: 1,
  max_insert_threads: "1",
  parallel_view_processing: 0,
  min_insert_block_size_rows: "1000000000",
  min_insert_block_size_bytes: "0",
  // A column that the Arrow stream does not bring is an error, not a column of zeros.
  input_format_arrow_allow_missing_columns: 0,
} as const satisfies ClickHouseSettings;

/** The same for rows that are selected from a file, as the embedded engine reads them. */
export const INSERT_SETTINGS = {
  ...ONE_BLOCK_SETTINGS,
  deduplicate_insert: "enable",
  deduplicate_insert_select: "force_enable",
  // The name of a file says what is in it, but not to the engine's cache of schemas.
  schema_inference_use_cache_for_file: 0,
} as const satisfies ClickHouseSettings;
