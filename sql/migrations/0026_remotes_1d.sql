-- Traffic by day and far side: what monitored objects named by prefix, autonomous system or port are measured
-- from, those registered today for the days before as well. A day is one in Asia/Shanghai.
--
-- remote is the far side's IPv6 /48 or IPv4 /24 (mapped); remote_as its autonomous system as exported, 0 where
-- it is not; remote_port its port below 1024, else 0. Every flow once. Sorted by prefix first: an object reads
-- its own ranges only. Kept for thirteen months, for a year's trend.
CREATE TABLE IF NOT EXISTS remotes_1d
(
  bucket_at DateTime('UTC') CODEC(Delta, ZSTD(1)),
  remote IPv6 CODEC(ZSTD(1)),
  remote_as UInt32 CODEC(ZSTD(1)),
  remote_port UInt16 CODEC(ZSTD(1)),
  operator LowCardinality(String),
  family UInt8,
  technology LowCardinality(String),
  records UInt64 CODEC(T64, ZSTD(1)),
  bytes_scaled UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = SummingMergeTree((records, bytes_scaled))
PARTITION BY toYYYYMM(bucket_at, 'Asia/Shanghai')
ORDER BY (remote, remote_as, remote_port, bucket_at, operator, family, technology)
TTL bucket_at + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000
