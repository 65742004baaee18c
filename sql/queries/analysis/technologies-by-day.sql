-- 近30天IPv6的承载技术，按日
-- How IPv6 travels: scaled bytes by day in Asia/Shanghai and technology, over the last 30 days. What a technology
-- counts as in a share stands in class.
SELECT
  day,
  technology,
  family,
  sum(t.bytes_scaled) AS bytes,
  round(100 * bytes / sum(bytes) OVER (PARTITION BY day), 2) AS percent_of_day
FROM analyst.traffic_1d AS t
WHERE day >= toDate(now(), 'Asia/Shanghai') - 30
GROUP BY day, technology, family
ORDER BY day, bytes DESC
