-- The subscriber by the session that held the address, and the prefix beside it: what changes hands.
ALTER TABLE flows
  ADD COLUMN IF NOT EXISTS subscriber_method LowCardinality(String) DEFAULT if(subscriber = 0, 'unknown', 'prefix') CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS subscriber_prefix UInt64 DEFAULT subscriber CODEC(ZSTD(1))
