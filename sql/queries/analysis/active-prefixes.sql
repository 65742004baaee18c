-- Active IPv6 subscriber prefixes (活跃前缀) by day, region, operator and access over the last 7 days, from
-- traffic that subscribers sent; ICMPv6 and DNS do not count. Prefixes, never users: a phone takes a new
-- prefix several times a day. Groups below 10 are left out.
SELECT
  toDate(received_at, 'Asia/Shanghai') AS day,
  region,
  operator,
  access,
  uniqExact(subscriber) AS active_prefixes
FROM flows
WHERE received_at >= now() - INTERVAL 7 DAY
  AND family = 6 AND technology = 'native' AND flow_direction = 'up' AND subscriber != 0
  AND protocol != 58 AND dst_port != 53
GROUP BY day, region, operator, access
HAVING active_prefixes >= 10
ORDER BY day, region, operator, access
