-- 近7天各导出器的IPv6流量占比，由低到高
-- The IPv6 share of what each exporter showed first in the last 7 days, lowest first.
SELECT
  exporter,
  sumIf(t.bytes_scaled, class IN ('v6_native', 'v6_transition')) AS v6_bytes,
  sumIf(t.bytes_scaled, class != 'excluded') AS total_bytes,
  round(100 * v6_bytes / nullIf(total_bytes, 0), 2) AS percent_v6
FROM analyst.traffic_1d AS t
WHERE day >= toDate(now(), 'Asia/Shanghai') - 7
GROUP BY exporter
ORDER BY percent_v6, total_bytes DESC
