-- 近30天全省IPv6流量占比趋势
-- The IPv6 share of the province's traffic by day in Asia/Shanghai, over the last 30 days: the trend.
SELECT
  day,
  sumIf(t.bytes_scaled, class IN ('v6_native', 'v6_transition')) AS v6_bytes,
  sumIf(t.bytes_scaled, class != 'excluded') AS total_bytes,
  round(100 * v6_bytes / nullIf(total_bytes, 0), 2) AS percent_v6
FROM analyst.traffic_1d AS t
WHERE day >= toDate(now(), 'Asia/Shanghai') - 30
GROUP BY day
ORDER BY day
