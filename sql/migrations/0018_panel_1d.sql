-- An exact panel: what the subscribers whose hash falls in one of 64 sent that showed them active, by day of
-- arrival in Asia/Shanghai. The same subscribers on every day, so it tells days active, prefixes a
-- subscriber, who came back, and how many were seen by one packet only. Only subscribers of a session: a
-- prefix changes hands. Rows of one key may not have been merged yet: always aggregate.
--
-- packets are as exported; packets_unsampled is the part of them that was not sampled or whose rate is not
-- known. bytes_scaled is multiplied by the rate where it is known.
CREATE TABLE IF NOT EXISTS panel_1d
(
  starts_on Date,
  access LowCardinality(String),
  operator LowCardinality(String),
  region LowCardinality(String),
  active_family UInt8,
  subscriber UInt64,
  records SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  packets SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  packets_unsampled SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  bytes_scaled SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  prefixes SimpleAggregateFunction(groupUniqArrayArray, Array(UInt64)) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(starts_on)
ORDER BY (starts_on, access, operator, region, active_family, subscriber)
SETTINGS non_replicated_deduplication_window = 10000
