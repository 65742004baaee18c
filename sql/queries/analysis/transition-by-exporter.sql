-- 近7天见到过渡技术的导出器及其流量占比
-- Exporters that saw a transition technology in the last 7 days, and how much of their traffic it was: where tunnels
-- end.
SELECT
  exporter,
  technology,
  sum(t.bytes_scaled) AS bytes,
  round(100 * bytes / nullIf(any(of_exporter), 0), 3) AS percent_of_exporter
FROM
(
  SELECT exporter, technology, bytes_scaled, sum(bytes_scaled) OVER (PARTITION BY exporter) AS of_exporter
  FROM analyst.traffic_1d
  WHERE day >= toDate(now(), 'Asia/Shanghai') - 7
) AS t
WHERE technology NOT IN ('native', 'unknown', 'special')
GROUP BY exporter, technology
ORDER BY bytes DESC
LIMIT 100
