-- 近7天有数据、近1小时无数据的导出器
-- Exporters that were heard in the last 7 days and not in the last hour, longest silent first.
SELECT
  exporter,
  any(name) AS name,
  max(last_seen_at) AS last_heard_at,
  date_diff('minute', last_heard_at, now()) AS minutes_silent
FROM analyst.exporters
GROUP BY exporter
HAVING last_heard_at < now() - INTERVAL 1 HOUR AND last_heard_at >= now() - INTERVAL 7 DAY
ORDER BY minutes_silent DESC
