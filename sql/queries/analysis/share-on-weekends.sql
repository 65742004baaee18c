-- 近8周工作日与周末的IPv6流量占比
-- The IPv6 share on working days and on weekends over the last 8 weeks, by access.
SELECT
  access,
  if(toDayOfWeek(day) >= 6, 'weekend', 'working day') AS kind,
  sumIf(t.bytes_scaled, class IN ('v6_native', 'v6_transition')) AS v6_bytes,
  sumIf(t.bytes_scaled, class != 'excluded') AS total_bytes,
  round(100 * v6_bytes / nullIf(total_bytes, 0), 2) AS percent_v6
FROM analyst.traffic_1d AS t
WHERE day >= toDate(now(), 'Asia/Shanghai') - 56
GROUP BY access, kind
ORDER BY access, kind
