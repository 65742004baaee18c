-- 近14天每个活跃IPv6前缀的日均流量
-- IPv6 traffic of a day by active IPv6 prefix, by operator and access, over the last 14 days: use per active
-- household or phone, roughly.
SELECT
  day,
  operator,
  access,
  v6_bytes,
  active_prefixes,
  round(v6_bytes / nullIf(active_prefixes, 0)) AS bytes_a_prefix
FROM
(
  SELECT day, operator, access, sum(bytes_scaled) AS v6_bytes FROM analyst.traffic_1d
  WHERE class IN ('v6_native', 'v6_transition') GROUP BY day, operator, access
) AS t
LEFT JOIN
(
  SELECT day, operator, access, sum(prefixes) AS active_prefixes FROM analyst.users_1d
  WHERE active_family = 6 GROUP BY day, operator, access
) AS u USING (day, operator, access)
WHERE day >= toDate(now(), 'Asia/Shanghai') - 14
ORDER BY day, operator, access
