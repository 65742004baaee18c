-- Books every insert into flows_5m under its hour.
CREATE MATERIALIZED VIEW IF NOT EXISTS flows_1h_view TO flows_1h AS
SELECT
  toStartOfHour(f.bucket_at) AS bucket_at,
  region, operator, access, family, technology, flow_direction, observation_point, exporter, counted,
  sum(f.records) AS records,
  sum(f.bytes) AS bytes,
  sum(f.packets) AS packets,
  sum(f.bytes_scaled) AS bytes_scaled,
  sum(f.packets_scaled) AS packets_scaled,
  sum(f.bytes_unknown_sampling) AS bytes_unknown_sampling,
  sum(f.responder_bytes) AS responder_bytes
FROM flows_5m AS f
GROUP BY bucket_at, region, operator, access, family, technology, flow_direction, observation_point, exporter, counted
