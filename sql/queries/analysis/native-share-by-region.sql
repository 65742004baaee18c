-- 近7天各地市原生IPv6与过渡技术的占比
-- Native IPv6 and IPv6 by transition as parts of each region's traffic of the last 7 days.
SELECT
  region,
  sumIf(t.bytes_scaled, class != 'excluded') AS total_bytes,
  round(100 * sumIf(t.bytes_scaled, class = 'v6_native') / nullIf(total_bytes, 0), 2) AS percent_native,
  round(100 * sumIf(t.bytes_scaled, class = 'v6_transition') / nullIf(total_bytes, 0), 2) AS percent_transition
FROM analyst.traffic_1d AS t
WHERE day >= toDate(now(), 'Asia/Shanghai') - 7
GROUP BY region
ORDER BY percent_native DESC, region
