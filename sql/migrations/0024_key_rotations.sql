-- The moments at which the key of the subscribers' hashes changes, as session events announce it. Across one
-- of them the same subscriber has two hashes: no figure of unique subscribers may span it.
CREATE TABLE IF NOT EXISTS key_rotations
(
  rotates_at DateTime('UTC'),
  events UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = SummingMergeTree(events)
ORDER BY rotates_at
SETTINGS non_replicated_deduplication_window = 10000
