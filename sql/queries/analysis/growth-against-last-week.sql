-- 近14天每日IPv6流量与上周同日之比
-- IPv6 bytes of each of the last 14 days against the same day of the week before.
SELECT
  day,
  v6_bytes,
  before_bytes,
  round(100 * (v6_bytes / nullIf(before_bytes, 0) - 1), 2) AS percent_growth
FROM
(
  SELECT
    toDate(t.day + shift) AS day,
    sumIf(t.bytes_scaled, shift = 0) AS v6_bytes,
    sumIf(t.bytes_scaled, shift = 7) AS before_bytes
  FROM analyst.traffic_1d AS t
  ARRAY JOIN [0, 7] AS shift
  WHERE class IN ('v6_native', 'v6_transition') AND t.day >= toDate(now(), 'Asia/Shanghai') - 21
  GROUP BY day
)
WHERE day BETWEEN toDate(now(), 'Asia/Shanghai') - 13 AND toDate(now(), 'Asia/Shanghai')
ORDER BY day
