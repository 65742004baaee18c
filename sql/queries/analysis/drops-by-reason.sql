-- 近7天丢弃量，按阶段、原因、日期
-- What was dropped in the last 7 days, by stage, reason and day in Asia/Shanghai.
SELECT
  toDate(at, 'Asia/Shanghai') AS day,
  stage,
  reason,
  sum(l.count) AS dropped,
  uniqExact(exporter) AS exporters
FROM analyst.ledger AS l
WHERE at >= now() - INTERVAL 7 DAY AND outcome = 'dropped'
GROUP BY day, stage, reason
ORDER BY day, dropped DESC
