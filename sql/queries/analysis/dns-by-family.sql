-- 近24小时DNS的IPv4与IPv6用量，按运营商
-- DNS (ports 53 and 853) by family and operator in the last 24 hours: whose resolvers are reached over IPv6.
SELECT
  operator,
  family,
  sum(f.packets * greatest(f.sampling_rate, 1)) AS packets_scaled,
  count() AS flow_records
FROM analyst.flows AS f
WHERE received_at >= now() - INTERVAL 1 DAY AND counted = 2 AND service_port IN (53, 853) AND family IN (4, 6)
GROUP BY operator, family
ORDER BY operator, family
