-- The API's own answers that snapshots of closed months keep, by the canonical path of the question. A version has
-- what differs from the one before it; the answer of a version is the newest up to it.
CREATE TABLE IF NOT EXISTS snapshot_answers
(
  month LowCardinality(String),
  version UInt16,
  attempt String,
  question String CODEC(ZSTD(3)),
  answer String CODEC(ZSTD(6))
)
ENGINE = MergeTree
ORDER BY (month, question, version)
SETTINGS non_replicated_deduplication_window = 10000
