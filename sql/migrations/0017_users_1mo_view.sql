-- Books every insert into users_1d under its month.
CREATE MATERIALIZED VIEW IF NOT EXISTS users_1mo_view TO users_1mo AS
SELECT
  toStartOfMonth(u.starts_on) AS starts_on,
  region, operator, access, active_family,
  uniqCombined64MergeState(17)(u.subscribers) AS subscribers,
  uniqCombined64MergeState(14)(u.prefixes) AS prefixes,
  uniqCombined64MergeState(14)(u.session_prefixes) AS session_prefixes
FROM users_1d AS u
GROUP BY starts_on, region, operator, access, active_family
