-- Subscribers by the kind of address their sessions held, by day of Asia/Shanghai; a subscriber is in several kinds.
-- Groups of fewer than {least_users} are left out.
SELECT
  starts_on AS day, region, operator, access, kind,
  uniqCombined64Merge(17)(a.subscribers) AS subscribers,
  uniqCombined64Merge(17)(a.started_sessions) AS started_sessions
FROM {database}.assigned_1d AS a
GROUP BY day, region, operator, access, kind
HAVING subscribers >= {least_users}
