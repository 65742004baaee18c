-- Traffic by five minutes, every flow once; each key summed.
SELECT
  bucket_at,
  region, operator, access, family, technology, {class} AS class, flow_direction, observation_point, exporter,
  sum(t.records) AS records,
  sum(t.bytes) AS bytes,
  sum(t.packets) AS packets,
  sum(t.bytes_scaled) AS bytes_scaled,
  sum(t.packets_scaled) AS packets_scaled,
  sum(t.bytes_unknown_sampling) AS bytes_unknown_sampling
FROM {database}.flows_5m AS t
WHERE counted = 2
GROUP BY bucket_at, region, operator, access, family, technology, class, flow_direction, observation_point, exporter
