-- 近30天按日的活跃用户数、活跃前缀与AAA覆盖率
-- Active subscribers by sessions and active prefixes by day, operator, access and family, with the coverage by AAA:
-- the part of the prefixes that was seen with a session. Groups below 10 are not in the view.
SELECT
  day,
  operator,
  access,
  active_family,
  sum(u.subscribers) AS session_users,
  sum(u.prefixes) AS active_prefixes,
  round(sum(u.session_prefixes) / nullIf(active_prefixes, 0), 3) AS coverage
FROM analyst.users_1d AS u
WHERE day >= toDate(now(), 'Asia/Shanghai') - 30
GROUP BY day, operator, access, active_family
ORDER BY day, operator, access, active_family
