-- 按月、运营商、接入方式的活跃用户数与AAA覆盖率
-- Active subscribers (AAA join) by month, operator, access and family, and the coverage by AAA: the part of
-- the active prefixes that was seen with a session. A lower bound where coverage is below 1; the API's
-- /api/v1/users/active estimates the rest. Groups below 10 are left out.
-- Reads the tables behind the views: needs the right raw.
SELECT
  starts_on AS month,
  operator,
  access,
  active_family,
  uniqCombined64Merge(17)(u.subscribers) AS session_users,
  uniqCombined64Merge(14)(u.prefixes) AS active_prefixes,
  round(uniqCombined64Merge(14)(u.session_prefixes) / active_prefixes, 3) AS coverage
FROM users_1mo AS u
GROUP BY month, operator, access, active_family
HAVING session_users >= 10
ORDER BY month, operator, access, active_family
