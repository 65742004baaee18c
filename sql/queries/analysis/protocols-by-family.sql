-- 近24小时IP之上的协议，含ICMP与隧道
-- Protocols above IP by family in the last 24 hours, ICMP and tunnels among them.
SELECT
  family,
  protocol,
  sum(f.bytes_scaled) AS bytes,
  round(100 * bytes / sum(bytes) OVER (PARTITION BY family), 3) AS percent_of_family
FROM analyst.flows AS f
WHERE received_at >= now() - INTERVAL 1 DAY AND counted = 2
GROUP BY family, protocol
ORDER BY family, bytes DESC
