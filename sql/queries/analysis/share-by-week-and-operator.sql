-- 近12周各运营商的IPv6流量占比
-- The IPv6 share of each operator by week (from Monday) over the last twelve weeks.
SELECT
  toMonday(day) AS week,
  operator,
  sumIf(t.bytes_scaled, class IN ('v6_native', 'v6_transition')) AS v6_bytes,
  sumIf(t.bytes_scaled, class != 'excluded') AS total_bytes,
  round(100 * v6_bytes / nullIf(total_bytes, 0), 2) AS percent_v6
FROM analyst.traffic_1d AS t
WHERE day >= toMonday(toDate(now(), 'Asia/Shanghai')) - 77
GROUP BY week, operator
ORDER BY week, operator
