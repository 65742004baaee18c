-- Traffic by five minutes of arrival. Rows of one key may not have been merged yet: always sum().
--
-- bytes and packets are as exported. bytes_scaled and packets_scaled are multiplied by the sampling rate;
-- where the rate is not known they are as exported, a lower bound, and bytes_unknown_sampling says how
-- many of the bytes those are. responder_bytes is as exported. Sums wrap at 2^64: one row is one exporter
-- in one bucket, far below; sums over many rows should be widened with toUInt128().
CREATE TABLE IF NOT EXISTS flows_5m
(
  bucket_at DateTime('UTC') CODEC(Delta, ZSTD(1)),
  region LowCardinality(String),
  operator LowCardinality(String),
  access LowCardinality(String),
  family UInt8,
  technology LowCardinality(String),
  flow_direction LowCardinality(String),
  observation_point LowCardinality(String),
  exporter IPv6,
  counted UInt8,
  records UInt64 CODEC(T64, ZSTD(1)),
  bytes UInt64 CODEC(T64, ZSTD(1)),
  packets UInt64 CODEC(T64, ZSTD(1)),
  bytes_scaled UInt64 CODEC(T64, ZSTD(1)),
  packets_scaled UInt64 CODEC(T64, ZSTD(1)),
  bytes_unknown_sampling UInt64 CODEC(T64, ZSTD(1)),
  responder_bytes UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = SummingMergeTree((records, bytes, packets, bytes_scaled, packets_scaled, bytes_unknown_sampling, responder_bytes))
PARTITION BY toYYYYMM(bucket_at, 'Asia/Shanghai')
ORDER BY (bucket_at, region, operator, access, family, technology, flow_direction, observation_point, exporter, counted)
SETTINGS non_replicated_deduplication_window = 10000
