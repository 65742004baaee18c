-- Traffic by day, exporter and pair of interfaces: what monitored objects named by interface are measured from.
-- A flow counts once at each type of observation point. A day is one in Asia/Shanghai.
CREATE TABLE IF NOT EXISTS interfaces_1d
(
  bucket_at DateTime('UTC') CODEC(Delta, ZSTD(1)),
  exporter IPv6,
  in_if UInt32,
  out_if UInt32,
  operator LowCardinality(String),
  family UInt8,
  technology LowCardinality(String),
  records UInt64 CODEC(T64, ZSTD(1)),
  bytes_scaled UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = SummingMergeTree((records, bytes_scaled))
PARTITION BY toYear(bucket_at, 'Asia/Shanghai')
ORDER BY (exporter, in_if, out_if, bucket_at, operator, family, technology)
SETTINGS non_replicated_deduplication_window = 10000
