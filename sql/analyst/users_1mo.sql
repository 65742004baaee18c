-- Active subscribers by sessions, and active prefixes, by month of Asia/Shanghai, each once. Groups of fewer than
-- {least_users} users are left out.
SELECT
  starts_on AS month, region, operator, access, active_family,
  uniqCombined64Merge(17)(u.subscribers) AS subscribers,
  uniqCombined64Merge(14)(u.prefixes) AS prefixes,
  uniqCombined64Merge(14)(u.session_prefixes) AS session_prefixes
FROM {database}.users_1mo AS u
GROUP BY month, region, operator, access, active_family
HAVING prefixes >= {least_users} AND (subscribers >= {least_users} OR subscribers = 0)
