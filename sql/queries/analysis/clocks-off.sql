-- 时钟偏差的导出流，按偏差大小
-- Export streams whose clock is off, farthest first: their times of flows are not to be relied on.
SELECT
  exporter,
  name,
  version,
  observation_domain,
  clock_offset_ms
FROM analyst.exporters
WHERE clock_off
ORDER BY abs(clock_offset_ms) DESC
