-- Books every insert into flows_1h under its day in Asia/Shanghai.
CREATE MATERIALIZED VIEW IF NOT EXISTS flows_1d_view TO flows_1d AS
SELECT
  toTimeZone(toStartOfDay(f.bucket_at, 'Asia/Shanghai'), 'UTC') AS bucket_at,
  region, operator, access, family, technology, flow_direction, observation_point, exporter, counted,
  sum(f.records) AS records,
  sum(f.bytes) AS bytes,
  sum(f.packets) AS packets,
  sum(f.bytes_scaled) AS bytes_scaled,
  sum(f.packets_scaled) AS packets_scaled,
  sum(f.bytes_unknown_sampling) AS bytes_unknown_sampling,
  sum(f.responder_bytes) AS responder_bytes
FROM flows_1h AS f
GROUP BY bucket_at, region, operator, access, family, technology, flow_direction, observation_point, exporter, counted
