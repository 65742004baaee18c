-- 近14天一日各时段的IPv6流量占比
-- The IPv6 share by hour of the day in Asia/Shanghai, over the last 14 days: when people are at home and when they
-- are not.
SELECT
  toHour(hour_at, 'Asia/Shanghai') AS hour,
  sumIf(t.bytes_scaled, class IN ('v6_native', 'v6_transition')) AS v6_bytes,
  sumIf(t.bytes_scaled, class != 'excluded') AS total_bytes,
  round(100 * v6_bytes / nullIf(total_bytes, 0), 2) AS percent_v6
FROM analyst.traffic AS t
WHERE hour_at >= now() - INTERVAL 14 DAY
GROUP BY hour
ORDER BY hour
