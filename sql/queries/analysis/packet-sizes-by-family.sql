-- 近7天平均包长与流长，按协议族与接入方式
-- Mean packet and flow sizes by family and access over the last 7 days: small packets of IPv6 point at signalling
-- without use.
SELECT
  access,
  family,
  sum(t.bytes_scaled) AS bytes,
  round(bytes / nullIf(sum(t.packets_scaled), 0)) AS mean_packet_bytes,
  round(sum(t.bytes) / nullIf(sum(t.records), 0)) AS mean_exported_flow_bytes
FROM analyst.traffic_1d AS t
WHERE day >= toDate(now(), 'Asia/Shanghai') - 7 AND family IN (4, 6)
GROUP BY access, family
ORDER BY access, family
