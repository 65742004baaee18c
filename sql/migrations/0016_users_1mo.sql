-- Who was active, by month of arrival in Asia/Shanghai; columns as in users_1d.
CREATE TABLE IF NOT EXISTS users_1mo
(
  starts_on Date,
  region LowCardinality(String),
  operator LowCardinality(String),
  access LowCardinality(String),
  active_family UInt8,
  subscribers AggregateFunction(uniqCombined64(17), UInt64) CODEC(ZSTD(1)),
  prefixes AggregateFunction(uniqCombined64(14), UInt64) CODEC(ZSTD(1)),
  session_prefixes AggregateFunction(uniqCombined64(14), UInt64) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYear(starts_on)
ORDER BY (starts_on, region, operator, access, active_family)
SETTINGS non_replicated_deduplication_window = 10000
