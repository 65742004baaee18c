-- 近24小时流量前50的业务的IPv6占比
-- The IPv6 share of each service (the lower port and the protocol) in the last 24 hours, of the 50 with most traffic.
SELECT
  protocol,
  service_port,
  sumIf(f.bytes_scaled, class IN ('v6_native', 'v6_transition')) AS v6_bytes,
  sumIf(f.bytes_scaled, class != 'excluded') AS total_bytes,
  round(100 * v6_bytes / nullIf(total_bytes, 0), 2) AS percent_v6
FROM analyst.flows AS f
WHERE received_at >= now() - INTERVAL 1 DAY AND counted = 2 AND protocol IN (6, 17)
GROUP BY protocol, service_port
ORDER BY total_bytes DESC
LIMIT 50
