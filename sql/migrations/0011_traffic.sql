-- Traffic by hour for analysts: each key summed, every flow once (its first sighting anywhere), both the
-- start of the hour in UTC and its day in Asia/Shanghai.
CREATE VIEW IF NOT EXISTS traffic AS
SELECT
  bucket_at AS hour_at,
  toDate(bucket_at, 'Asia/Shanghai') AS day,
  region, operator, access, family, technology, flow_direction, observation_point, exporter,
  sum(t.records) AS records,
  sum(t.bytes) AS bytes,
  sum(t.packets) AS packets,
  sum(t.bytes_scaled) AS bytes_scaled,
  sum(t.packets_scaled) AS packets_scaled,
  sum(t.bytes_unknown_sampling) AS bytes_unknown_sampling
FROM flows_1h AS t
WHERE counted = 2
GROUP BY hour_at, day, region, operator, access, family, technology, flow_direction, observation_point, exporter
