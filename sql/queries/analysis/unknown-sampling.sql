-- 近24小时采样率未知的流量，按导出器
-- Exporters whose sampling rate is not known for a part of their traffic of the last 24 hours, worst first: their
-- traffic is at least what is shown. Register their rate, or have them export it.
SELECT
  exporter,
  sum(t.bytes_unknown_sampling) AS bytes_as_exported,
  round(100 * bytes_as_exported / nullIf(sum(t.bytes), 0), 2) AS percent_unknown
FROM analyst.traffic_5m AS t
WHERE bucket_at >= now() - INTERVAL 1 DAY
GROUP BY exporter
HAVING bytes_as_exported > 0
ORDER BY bytes_as_exported DESC
