-- 近7天各地市的IPv6流量占比排名
-- The regions by their IPv6 share of the last 7 days, best first.
SELECT
  region,
  sumIf(t.bytes_scaled, class IN ('v6_native', 'v6_transition')) AS v6_bytes,
  sumIf(t.bytes_scaled, class != 'excluded') AS total_bytes,
  round(100 * v6_bytes / nullIf(total_bytes, 0), 2) AS percent_v6,
  rank() OVER (ORDER BY percent_v6 DESC) AS place
FROM analyst.traffic_1d AS t
WHERE day >= toDate(now(), 'Asia/Shanghai') - 7
GROUP BY region
ORDER BY place, region
