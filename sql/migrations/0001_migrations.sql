-- What was applied to this store, when, and the SHA-256 of the file as it was then.
CREATE TABLE IF NOT EXISTS migrations
(
  name String,
  sha256 String,
  applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY name
