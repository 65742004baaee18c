-- Books every insert into flows under the far side. From a subscriber that is the destination, to one the
-- source; between subscribers and in transit the side of the lower port.
CREATE MATERIALIZED VIEW IF NOT EXISTS remotes_1d_view TO remotes_1d AS
SELECT
  toTimeZone(toStartOfDay(received_at, 'Asia/Shanghai'), 'UTC') AS bucket_at,
  tupleElement(IPv6CIDRToRange(
    if(to_source, src_addr, dst_addr),
    if(if(to_source, src_addr, dst_addr) BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'), 120, 48)), 1) AS remote,
  if(to_source, src_as, dst_as) AS remote_as,
  if(if(to_source, src_port, dst_port) < 1024, if(to_source, src_port, dst_port), 0) AS remote_port,
  operator, family, technology,
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
GROUP BY bucket_at, remote, remote_as, remote_port, operator, family, technology
