-- 近24小时流的大小与时长分位数，按协议族
-- Sizes and durations of flows by family in the last 24 hours: median, 90th and 99th in a hundred.
SELECT
  family,
  count() AS flow_records,
  quantiles(0.5, 0.9, 0.99)(f.bytes) AS exported_bytes,
  quantiles(0.5, 0.9, 0.99)(date_diff('millisecond', start_at, end_at)) AS duration_ms
FROM analyst.flows AS f
WHERE received_at >= now() - INTERVAL 1 DAY AND counted = 2 AND family IN (4, 6)
GROUP BY family
ORDER BY family
