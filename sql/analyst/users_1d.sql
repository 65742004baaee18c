-- Active subscribers by sessions, and active prefixes, by day of Asia/Shanghai, each once. Days do not
-- add up: a subscriber of two days is one. Groups of fewer than ten are left out.
SELECT
  starts_on AS day, region, operator, access, active_family,
  uniqCombined64Merge(17)(u.subscribers) AS subscribers,
  uniqCombined64Merge(14)(u.prefixes) AS prefixes,
  uniqCombined64Merge(14)(u.session_prefixes) AS session_prefixes
FROM {database}.users_1d AS u
GROUP BY day, region, operator, access, active_family
HAVING prefixes >= 10 AND (subscribers >= 10 OR subscribers = 0)
