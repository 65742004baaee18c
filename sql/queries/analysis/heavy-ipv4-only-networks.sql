-- 近24小时只有IPv4的大流量网段
-- Heavy IPv4-only prefixes: networks (/24) on the far side that most IPv4 traffic to subscribers came from in the
-- last 24 hours, where the same AS sent no native IPv6 at all. Who to ask for IPv6 next.
SELECT
  src_network,
  src_as,
  sum(f.bytes_scaled) AS v4_bytes,
  count() AS flow_records
FROM analyst.flows AS f
WHERE received_at >= now() - INTERVAL 1 DAY AND counted = 2 AND class = 'v4' AND flow_direction = 'down' AND src_as NOT IN
(
  SELECT src_as FROM analyst.flows
  WHERE received_at >= now() - INTERVAL 1 DAY AND counted = 2 AND class = 'v6_native' AND flow_direction = 'down' AND src_as != 0
)
GROUP BY src_network, src_as
ORDER BY v4_bytes DESC
LIMIT 50
