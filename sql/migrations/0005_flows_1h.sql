-- Traffic by hour of arrival; columns as in flows_5m.
CREATE TABLE IF NOT EXISTS flows_1h
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
