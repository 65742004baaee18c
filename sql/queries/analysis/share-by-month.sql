-- 按月、运营商的IPv6流量占比
-- The IPv6 share by month of Asia/Shanghai and operator, as far back as the rollups reach.
SELECT
  toStartOfMonth(day) AS month,
  operator,
  sumIf(t.bytes_scaled, class IN ('v6_native', 'v6_transition')) AS v6_bytes,
  sumIf(t.bytes_scaled, class != 'excluded') AS total_bytes,
  round(100 * v6_bytes / nullIf(total_bytes, 0), 2) AS percent_v6
FROM analyst.traffic_1d AS t
GROUP BY month, operator
ORDER BY month, operator
