-- 近7天按日、地市、运营商、接入方式的IPv6活跃前缀
-- Active IPv6 subscriber prefixes (活跃前缀) by day, region, operator and access over the last 7 days:
-- active_family tells what shows a subscriber active. Prefixes, never users: a phone takes a new prefix
-- several times a day. Groups below 10 are left out.
-- Reads the tables behind the views: needs the right raw.
SELECT
  toDate(received_at, 'Asia/Shanghai') AS day,
  region,
  operator,
  access,
  uniqExactIf(subscriber_prefix, subscriber_prefix != 0) AS active_prefixes
FROM flows
WHERE received_at >= now() - INTERVAL 7 DAY AND active_family = 6
GROUP BY day, region, operator, access
HAVING active_prefixes >= 10
ORDER BY day, region, operator, access
