-- Traffic by hour, every flow once (its first sighting anywhere), with its day in Asia/Shanghai.
SELECT
  hour_at, day, region, operator, access, family, technology, {class} AS class, flow_direction, observation_point, exporter,
  records, bytes, packets, bytes_scaled, packets_scaled, bytes_unknown_sampling
FROM {database}.traffic
