-- 近7天上行与下行的IPv6流量占比
-- The IPv6 share of what subscribers send and of what they receive, by access, over the last 7 days. Where the
-- directions differ much, applications of one kind lag behind.
SELECT
  access,
  flow_direction,
  sumIf(t.bytes_scaled, class IN ('v6_native', 'v6_transition')) AS v6_bytes,
  sumIf(t.bytes_scaled, class != 'excluded') AS total_bytes,
  round(100 * v6_bytes / nullIf(total_bytes, 0), 2) AS percent_v6
FROM analyst.traffic_1d AS t
WHERE day >= toDate(now(), 'Asia/Shanghai') - 7
GROUP BY access, flow_direction
ORDER BY access, flow_direction
