-- Who had which addresses, by month of Asia/Shanghai; columns as in assigned_1d.
CREATE TABLE IF NOT EXISTS assigned_1mo
(
  starts_on Date,
  region LowCardinality(String),
  operator LowCardinality(String),
  access LowCardinality(String),
  kind LowCardinality(String),
  subscribers AggregateFunction(uniqCombined64(17), UInt64) CODEC(ZSTD(1)),
  started_sessions AggregateFunction(uniqCombined64(17), UInt64) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYear(starts_on)
ORDER BY (starts_on, region, operator, access, kind)
SETTINGS non_replicated_deduplication_window = 10000
