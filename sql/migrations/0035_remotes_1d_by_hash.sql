-- Rows are grouped by numbers and a hash of 64 bits of their words, day and family: 30 bytes that the engine compares at
-- once. As 0027 else.
ALTER TABLE remotes_1d_view MODIFY QUERY
SELECT
  any(toTimeZone(toStartOfDay(f.received_at, 'Asia/Shanghai'), 'UTC')) AS bucket_at,
  tupleElement(IPv6CIDRToRange(
    if(to_source, src_addr, dst_addr),
    if(if(to_source, src_addr, dst_addr) BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'), 120, 48)), 1) AS remote,
  if(to_source, src_as, dst_as) AS remote_as,
  if(if(to_source, src_port, dst_port) < 1024, if(to_source, src_port, dst_port), 0) AS remote_port,
  any(f.operator) AS operator,
  any(f.family) AS family,
  any(f.technology) AS technology,
  count() AS records,
  sum(f.bytes * greatest(f.sampling_rate, 1)) AS bytes_scaled
FROM
(
  SELECT
    received_at, src_addr, dst_addr, src_as, dst_as, src_port, dst_port, operator, family, technology, bytes, sampling_rate,
    flow_direction = 'down' OR (flow_direction != 'up' AND src_port < dst_port) AS to_source
  FROM flows
  WHERE counted = 2 AND family != 0
) AS f
GROUP BY
  remote, remote_as, remote_port,
  cityHash64(f.operator) + 3 * cityHash64(f.technology)
    + 5 * intHash64(256 * toUInt64(toStartOfDay(f.received_at, 'Asia/Shanghai')) + f.family)
