-- The latest status of every export stream: one row an exporter, version, observation domain and source
-- port. Older rows may not have been merged away yet: select with FINAL.
CREATE TABLE IF NOT EXISTS exporters
(
  exporter IPv6,
  version UInt8,
  observation_domain UInt32,
  source_port UInt16,
  first_seen_at DateTime64(3, 'UTC'),
  last_seen_at DateTime64(3, 'UTC'),
  templates UInt32 COMMENT 'Templates in force, options templates among them',
  options_templates UInt32,
  sampling String COMMENT 'JSON: [{"sampler": number or null, "rate": number}]',
  sampling_source LowCardinality(String),
  clock_offset_ms Int64 COMMENT 'Export time minus time of arrival',
  clock_off Bool,
  interfaces String COMMENT 'JSON: [{"index": number, "name": string, "description": string}]',
  name String COMMENT 'Name the exporter gives itself in options records, or empty'
)
ENGINE = ReplacingMergeTree(last_seen_at)
ORDER BY (exporter, version, observation_domain, source_port)
SETTINGS non_replicated_deduplication_window = 10000
