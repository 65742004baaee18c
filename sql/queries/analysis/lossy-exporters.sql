-- 近24小时丢失最多的导出器
-- Loss by exporter: exporters of the last 24 hours whose exports were lost on the way, by their sequence numbers,
-- worst first.
SELECT
  exporter,
  sumIf(l.count, outcome = 'expected') AS expected,
  sumIf(l.count, outcome = 'lost') AS lost,
  round(100 * lost / nullIf(expected, 0), 3) AS percent_lost
FROM analyst.ledger AS l
WHERE at >= now() - INTERVAL 1 DAY AND stage = 'receive'
GROUP BY exporter
HAVING lost > 0
ORDER BY percent_lost DESC
