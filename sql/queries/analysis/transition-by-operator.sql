-- 近30天各运营商、接入网的过渡技术使用
-- Use of transition technologies by operator and access over the last 30 days: what is still not native.
SELECT
  operator,
  access,
  technology,
  class,
  sum(t.bytes_scaled) AS bytes,
  uniqExact(region) AS regions
FROM analyst.traffic_1d AS t
WHERE day >= toDate(now(), 'Asia/Shanghai') - 30 AND technology NOT IN ('native', 'unknown', 'special')
GROUP BY operator, access, technology, class
ORDER BY bytes DESC
LIMIT 100
