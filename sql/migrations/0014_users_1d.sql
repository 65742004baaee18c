-- Who was active, by day of arrival in Asia/Shanghai: states of unique subscribers and prefixes for merging.
-- active_family of flows is the rule of what shows a subscriber active; no statement repeats it.
--
-- subscribers are those told by a session, never prefixes. prefixes are all active ones, session_prefixes
-- those of them that were seen with a session: what part of the prefixes that is, is the coverage by AAA.
--
-- uniqCombined64(17) is exact up to 4,096 and errs by 0.2 % (standard deviation) above, in 98 KB a state:
-- published users are to hold within 1 %, which uniq (0.45 %, 150 KB) does not at three deviations.
-- Prefixes give only coverage and ratios: 14 bits err by 0.6 % in 12 KB. What is published of the errors is
-- held to the engine by services/query/users/state-error.test.ts.
CREATE TABLE IF NOT EXISTS users_1d
(
  starts_on Date,
  region LowCardinality(String),
  operator LowCardinality(String),
  access LowCardinality(String),
  active_family UInt8,
  subscribers AggregateFunction(uniqCombined64(17), UInt64) CODEC(ZSTD(1)),
  prefixes AggregateFunction(uniqCombined64(14), UInt64) CODEC(ZSTD(1)),
  session_prefixes AggregateFunction(uniqCombined64(14), UInt64) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(starts_on)
ORDER BY (starts_on, region, operator, access, active_family)
SETTINGS non_replicated_deduplication_window = 10000
