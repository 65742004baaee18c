-- 近24小时流量前100的对端自治系统的IPv6占比
-- The IPv6 share of what came from each autonomous system in the last 24 hours, of the 100 that sent most: who serves
-- IPv6 and who does not.
SELECT
  src_as,
  sumIf(f.bytes_scaled, class IN ('v6_native', 'v6_transition')) AS v6_bytes,
  sumIf(f.bytes_scaled, class != 'excluded') AS total_bytes,
  round(100 * v6_bytes / nullIf(total_bytes, 0), 2) AS percent_v6
FROM analyst.flows AS f
WHERE received_at >= now() - INTERVAL 1 DAY AND counted = 2 AND flow_direction = 'down' AND src_as != 0
GROUP BY src_as
ORDER BY total_bytes DESC
LIMIT 100
