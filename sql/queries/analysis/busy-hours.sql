-- 近14天每日忙时的速率与IPv6占比
-- The hour of most traffic of each of the last 14 days, its rate in bit/s and its IPv6 share.
SELECT
  day,
  argMax(hour_at, total_bytes) AS busy_hour_at,
  round(max(total_bytes) * 8 / 3600) AS bits_per_second,
  round(100 * argMax(v6_bytes, total_bytes) / nullIf(max(total_bytes), 0), 2) AS percent_v6
FROM
(
  SELECT
    day,
    hour_at,
    sumIf(t.bytes_scaled, class IN ('v6_native', 'v6_transition')) AS v6_bytes,
    sumIf(t.bytes_scaled, class != 'excluded') AS total_bytes
  FROM analyst.traffic AS t
  WHERE hour_at >= now() - INTERVAL 14 DAY
  GROUP BY day, hour_at
)
GROUP BY day
ORDER BY day
