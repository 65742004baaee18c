-- 近24小时各导出器的采样率
-- Sampling rates that each exporter's records of the last 24 hours came with, by version; 0 is not known.
SELECT
  exporter,
  version,
  sampling_rate,
  count() AS flow_records,
  sum(f.bytes_scaled) AS bytes
FROM analyst.flows AS f
WHERE received_at >= now() - INTERVAL 1 DAY
GROUP BY exporter, version, sampling_rate
ORDER BY exporter, version, sampling_rate
