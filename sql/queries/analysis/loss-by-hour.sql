-- 近3天每小时的导出丢失
-- Loss by hour over the last 3 days, of all exporters together: whether it comes with the busy hour.
SELECT
  toStartOfHour(at) AS hour_at,
  sumIf(l.count, outcome = 'expected') AS expected,
  sumIf(l.count, outcome = 'lost') AS lost,
  round(100 * lost / nullIf(expected, 0), 3) AS percent_lost
FROM analyst.ledger AS l
WHERE at >= now() - INTERVAL 3 DAY AND stage = 'receive'
GROUP BY hour_at
ORDER BY hour_at
