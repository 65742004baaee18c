-- 近30天获得IPv6地址、委派前缀、私有IPv4地址的用户占比
-- Which part of the subscribers with a session was given an IPv6 prefix or address, a delegated prefix, and only a
-- private IPv4 address, by day, operator and access. Groups below 10 are not in the view.
SELECT
  day,
  operator,
  access,
  sumIf(a.subscribers, kind = 'any') AS with_session,
  round(100 * sumIf(a.subscribers, kind = 'v6') / nullIf(with_session, 0), 2) AS percent_v6,
  round(100 * sumIf(a.subscribers, kind = 'delegated') / nullIf(with_session, 0), 2) AS percent_delegated,
  round(100 * sumIf(a.subscribers, kind = 'v4_private') / nullIf(with_session, 0), 2) AS percent_v4_private
FROM analyst.users_assigned_1d AS a
WHERE day >= toDate(now(), 'Asia/Shanghai') - 30
GROUP BY day, operator, access
ORDER BY day, operator, access
