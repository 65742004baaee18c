-- Active subscribers by sessions, and active prefixes, by day of Asia/Shanghai, each once. Days do not
-- add up: a subscriber of two days is one. Groups of fewer than {least_users} are left out.
SELECT
  starts_on AS day, region, operator, access, active_family,
  uniqCombined64Merge(17)(u.subscribers) AS subscribers,
  uniqCombined64Merge(14)(u.prefixes) AS prefixes,
  uniqCombined64Merge(14)(u.session_prefixes) AS session_prefixes
FROM {database}.users_1d AS u
GROUP BY day, region, operator, access, active_family
HAVING prefixes >= {least_users} AND (subscribers >= {least_users} OR subscribers = 0)
