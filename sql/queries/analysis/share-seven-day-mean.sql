-- 各运营商IPv6流量占比的7日移动值
-- The IPv6 share of each operator over the seven days that end with each day, a sum over a sum: the trend without the
-- week.
SELECT
  day,
  operator,
  round(100 * sum(v6_bytes) OVER week / nullIf(sum(total_bytes) OVER week, 0), 2) AS percent_v6_of_seven_days,
  total_bytes
FROM
(
  SELECT
    day,
    operator,
    sumIf(t.bytes_scaled, class IN ('v6_native', 'v6_transition')) AS v6_bytes,
    sumIf(t.bytes_scaled, class != 'excluded') AS total_bytes
  FROM analyst.traffic_1d AS t
  WHERE day >= toDate(now(), 'Asia/Shanghai') - 37
  GROUP BY day, operator
)
WINDOW week AS (PARTITION BY operator ORDER BY day RANGE BETWEEN 6 PRECEDING AND CURRENT ROW)
ORDER BY day, operator
