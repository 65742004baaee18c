-- 近7天登记信息缺失的流量，按导出器
-- Traffic of the last 7 days whose region, operator or access the registry does not tell, by exporter, most first:
-- what to register next.
SELECT
  exporter,
  sumIf(t.bytes_scaled, region = 'unknown') AS bytes_without_region,
  sumIf(t.bytes_scaled, operator = 'unknown') AS bytes_without_operator,
  sumIf(t.bytes_scaled, access = 'unknown') AS bytes_without_access,
  sum(t.bytes_scaled) AS bytes
FROM analyst.traffic_1d AS t
WHERE day >= toDate(now(), 'Asia/Shanghai') - 7
GROUP BY exporter
HAVING bytes_without_region + bytes_without_operator + bytes_without_access > 0
ORDER BY bytes_without_region + bytes_without_operator + bytes_without_access DESC
LIMIT 100
