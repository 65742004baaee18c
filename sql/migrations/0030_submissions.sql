-- What units report by month and what became of it: one row a change, whole in itself, never rewritten. The state of a
-- submission is its change of the greatest number, its figures in force those of its last change to accepted.
--
-- Changes are numbered without a gap, and the number is in the token of the insert: of two that are tried at once the
-- table takes one. Tokens are known by partition, so there is one partition only.
CREATE TABLE IF NOT EXISTS submissions
(
  series LowCardinality(String),
  month LowCardinality(String) COMMENT 'Such as 2026-10, Asia/Shanghai',
  unit LowCardinality(String) COMMENT 'Unit that reports',
  change UInt32 COMMENT 'Number of the change within the submission, from 1',
  event String COMMENT 'Random, tells whose change it is',
  version UInt32,
  state LowCardinality(String),
  at DateTime64(3, 'UTC'),
  actor String COMMENT 'Name of the key, or subject of the token',
  role LowCardinality(String),
  rows String COMMENT 'JSON: [{"row": number, "cells": {column: text}}]' CODEC(ZSTD(3)),
  messages String COMMENT 'JSON: findings of the checks' CODEC(ZSTD(3)),
  errors UInt32,
  warnings UInt32,
  confirmed Bool,
  reason String
)
ENGINE = MergeTree
ORDER BY (series, month, unit, change)
SETTINGS non_replicated_deduplication_window = 10000
