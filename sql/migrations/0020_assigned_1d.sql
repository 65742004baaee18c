-- Who had which addresses, by the day of Asia/Shanghai an event of their session tells it: states of unique
-- subscribers by kind of address, activity not needed. A subscriber is in several kinds: any (every
-- event), v6 (a global address or prefix), delegated (a delegated prefix), v4_public, v4_private (private or
-- shared by RFC 1918 and RFC 6598). Who has one kind and lacks another follows from unions of kinds.
--
-- started_sessions are the sessions that began (Start) with the kind; a repeated Start counts once.
CREATE TABLE IF NOT EXISTS assigned_1d
(
  starts_on Date,
  region LowCardinality(String),
  operator LowCardinality(String),
  access LowCardinality(String),
  kind LowCardinality(String),
  subscribers AggregateFunction(uniqCombined64(17), UInt64) CODEC(ZSTD(1)),
  started_sessions AggregateFunction(uniqCombined64(17), UInt64) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(starts_on)
ORDER BY (starts_on, region, operator, access, kind)
SETTINGS non_replicated_deduplication_window = 10000
