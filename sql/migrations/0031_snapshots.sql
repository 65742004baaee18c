-- The history of the snapshots of closed months: one row a step of an attempt to take one, and one where it was
-- published. Nothing is changed afterwards; the first step `taken` of a version is the version.
CREATE TABLE IF NOT EXISTS snapshots
(
  at DateTime64(3, 'UTC'),
  month LowCardinality(String),
  version UInt16,
  attempt String,
  state LowCardinality(String),
  data_cut DateTime64(3, 'UTC'),
  reason String,
  catalogue String,
  questions UInt32,
  answered UInt32,
  differing UInt32,
  refused String CODEC(ZSTD(3))
)
ENGINE = MergeTree
ORDER BY (month, version, at)
SETTINGS non_replicated_deduplication_window = 10000
