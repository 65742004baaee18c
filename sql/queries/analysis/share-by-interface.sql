-- 近24小时各导出器接口的IPv6流量占比
-- The IPv6 share at each interface (SNMP ifIndex) of each exporter in the last 24 hours, as it came in: links that
-- carry none are not switched on.
SELECT
  exporter,
  in_if,
  sumIf(f.bytes_scaled, class IN ('v6_native', 'v6_transition')) AS v6_bytes,
  sumIf(f.bytes_scaled, class != 'excluded') AS total_bytes,
  round(100 * v6_bytes / nullIf(total_bytes, 0), 2) AS percent_v6
FROM analyst.flows AS f
WHERE received_at >= now() - INTERVAL 1 DAY AND counted >= 1
GROUP BY exporter, in_if
ORDER BY exporter, total_bytes DESC
LIMIT 1000
