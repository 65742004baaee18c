-- The subscriber by the session that held the address, the prefix beside it (what changes hands), and
-- whether the flow shows the subscriber active. Rows from before keep the prefix as their subscriber and
-- show no activity.
ALTER TABLE flows
  ADD COLUMN IF NOT EXISTS subscriber_method LowCardinality(String) DEFAULT if(subscriber = 0, 'unknown', 'prefix') CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS subscriber_prefix UInt64 DEFAULT subscriber CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS active_family UInt8 CODEC(ZSTD(1))
