-- 近24小时IPv4流量最大的对端自治系统
-- The autonomous systems on the far side that most IPv4 traffic to subscribers came from in the last 24 hours: where
-- to ask for IPv6 next. Only records whose exporter tells AS numbers.
SELECT
  src_as,
  sum(f.bytes_scaled) AS v4_bytes,
  count() AS flow_records
FROM analyst.flows AS f
WHERE received_at >= now() - INTERVAL 1 DAY AND counted = 2 AND family = 4 AND flow_direction = 'down' AND src_as != 0
GROUP BY src_as
ORDER BY v4_bytes DESC
LIMIT 50
