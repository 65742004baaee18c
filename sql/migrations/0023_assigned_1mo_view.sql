-- Books every insert into assigned_1d under its month.
CREATE MATERIALIZED VIEW IF NOT EXISTS assigned_1mo_view TO assigned_1mo AS
SELECT
  toStartOfMonth(a.starts_on) AS starts_on,
  region, operator, access, kind,
  uniqCombined64MergeState(17)(a.subscribers) AS subscribers,
  uniqCombined64MergeState(17)(a.started_sessions) AS started_sessions
FROM assigned_1d AS a
GROUP BY starts_on, region, operator, access, kind
