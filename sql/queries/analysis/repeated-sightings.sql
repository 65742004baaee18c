-- 近7天各导出器重复观测的流量
-- How much of what each exporter showed in the last 7 days had been seen by another router first and is in no total.
SELECT
  exporter,
  sum(seen) AS bytes_seen,
  sum(once) AS bytes_counted_once,
  round(100 * (1 - bytes_counted_once / nullIf(bytes_seen, 0)), 2) AS percent_repeated
FROM
(
  SELECT exporter, bytes_scaled AS seen, 0 AS once FROM analyst.sightings_1d
  WHERE day >= toDate(now(), 'Asia/Shanghai') - 7
  UNION ALL
  SELECT exporter, 0 AS seen, bytes_scaled AS once FROM analyst.traffic_1d
  WHERE day >= toDate(now(), 'Asia/Shanghai') - 7
)
GROUP BY exporter
ORDER BY percent_repeated DESC, exporter
