-- 近3小时每5分钟的速率，IPv6与全部
-- Traffic of the last 3 hours by five minutes in bit/s, IPv6 and all: is it alive, and does it look as it should.
SELECT
  bucket_at,
  round(sumIf(t.bytes_scaled, class IN ('v6_native', 'v6_transition')) * 8 / 300) AS v6_bits_per_second,
  round(sumIf(t.bytes_scaled, class != 'excluded') * 8 / 300) AS bits_per_second,
  sum(t.records) AS flow_records
FROM analyst.traffic_5m AS t
WHERE bucket_at >= now() - INTERVAL 3 HOUR
GROUP BY bucket_at
ORDER BY bucket_at
