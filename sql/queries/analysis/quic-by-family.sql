-- 近24小时网页流量中QUIC的占比
-- Which part of web traffic (port 443) is QUIC, by family and access, in the last 24 hours.
SELECT
  access,
  family,
  sum(f.bytes_scaled) AS web_bytes,
  round(100 * sumIf(f.bytes_scaled, protocol = 17) / nullIf(web_bytes, 0), 2) AS percent_quic
FROM analyst.flows AS f
WHERE received_at >= now() - INTERVAL 1 DAY AND counted = 2 AND service_port = 443 AND protocol IN (6, 17) AND family IN (4, 6)
GROUP BY access, family
ORDER BY access, family
