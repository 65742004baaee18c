-- 近7天各接入网、运营商的IPv6流量占比
-- The IPv6 share by access network and operator over the last 7 days: mobile, fixed, data centres side by side.
SELECT
  access,
  operator,
  sumIf(t.bytes_scaled, class IN ('v6_native', 'v6_transition')) AS v6_bytes,
  sumIf(t.bytes_scaled, class != 'excluded') AS total_bytes,
  round(100 * v6_bytes / nullIf(total_bytes, 0), 2) AS percent_v6
FROM analyst.traffic_1d AS t
WHERE day >= toDate(now(), 'Asia/Shanghai') - 7
GROUP BY access, operator
ORDER BY access, total_bytes DESC
