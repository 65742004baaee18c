-- IPv6占比周变化最大的导出器
-- Top movers: exporters whose IPv6 share of the last 7 days differs most from the 7 days before: where something was
-- switched on or off.
SELECT
  exporter,
  round(100 * sumIf(t.bytes_scaled, is_now AND is_v6) / nullIf(sumIf(t.bytes_scaled, is_now), 0), 2) AS percent_now,
  round(100 * sumIf(t.bytes_scaled, NOT is_now AND is_v6) / nullIf(sumIf(t.bytes_scaled, NOT is_now), 0), 2) AS percent_before,
  round(percent_now - percent_before, 2) AS points_moved,
  sumIf(t.bytes_scaled, is_now) AS bytes_now
FROM
(
  SELECT
    exporter,
    bytes_scaled,
    day >= toDate(now(), 'Asia/Shanghai') - 6 AS is_now,
    class IN ('v6_native', 'v6_transition') AS is_v6
  FROM analyst.traffic_1d
  WHERE day >= toDate(now(), 'Asia/Shanghai') - 13 AND class != 'excluded'
) AS t
GROUP BY exporter
ORDER BY abs(points_moved) DESC, exporter
LIMIT 20
