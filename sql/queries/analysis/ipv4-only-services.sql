-- 近24小时只用IPv4的业务端口
-- Services (the lower port and the protocol) of the last 24 hours that are used over IPv4 and never over IPv6, by
-- traffic.
SELECT
  protocol,
  service_port,
  sum(f.bytes_scaled) AS v4_bytes,
  uniqExact(operator) AS operators
FROM analyst.flows AS f
WHERE received_at >= now() - INTERVAL 1 DAY AND counted = 2 AND protocol IN (6, 17)
GROUP BY protocol, service_port
HAVING countIf(class IN ('v6_native', 'v6_transition')) = 0 AND countIf(class = 'v4') > 0
ORDER BY v4_bytes DESC
LIMIT 50
