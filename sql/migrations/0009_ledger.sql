-- The books: at every stage, per exporter, received = forwarded + held + dropped(reason). Counts are
-- changes and may be negative (held); rows of one key may not have been merged yet: always sum().
CREATE TABLE IF NOT EXISTS ledger
(
  at DateTime('UTC') COMMENT 'Start of the five minutes',
  exporter IPv6 COMMENT ':: where the exporter is not known',
  stage LowCardinality(String),
  outcome LowCardinality(String),
  reason LowCardinality(String) COMMENT 'Why units were dropped, empty otherwise',
  count Int64 COMMENT 'Units of the stage'
)
ENGINE = SummingMergeTree(count)
PARTITION BY toYYYYMM(at, 'Asia/Shanghai')
ORDER BY (at, exporter, stage, outcome, reason)
SETTINGS non_replicated_deduplication_window = 10000
