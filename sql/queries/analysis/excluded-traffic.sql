-- 近7天不计入任何协议族的流量，按导出器与技术
-- Traffic of the last 7 days that counts as neither family, by exporter and technology: special addresses, tunnels
-- metered at the wrong point, records without IP. Much of it points at a wrong configuration.
SELECT
  exporter,
  technology,
  sum(t.records) AS flow_records,
  sum(t.bytes_scaled) AS bytes
FROM analyst.traffic_1d AS t
WHERE day >= toDate(now(), 'Asia/Shanghai') - 7 AND class = 'excluded'
GROUP BY exporter, technology
ORDER BY bytes DESC
LIMIT 100
