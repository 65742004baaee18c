-- 近7天各类观测点所见流量与IPv6占比
-- What each type of observation point saw in the last 7 days, and its IPv6 share. A flow counts once at each type:
-- types must not be added up.
SELECT
  observation_point,
  sumIf(t.bytes_scaled, class IN ('v6_native', 'v6_transition')) AS v6_bytes,
  sumIf(t.bytes_scaled, class != 'excluded') AS total_bytes,
  round(100 * v6_bytes / nullIf(total_bytes, 0), 2) AS percent_v6,
  sum(t.records) AS flow_records
FROM analyst.sightings_1d AS t
WHERE day >= toDate(now(), 'Asia/Shanghai') - 7
GROUP BY observation_point
ORDER BY total_bytes DESC
