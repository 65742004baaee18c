-- Books every insert into flows under the five minutes it arrived in.
CREATE MATERIALIZED VIEW IF NOT EXISTS flows_5m_view TO flows_5m AS
SELECT
  toDateTime(toStartOfFiveMinutes(received_at), 'UTC') AS bucket_at,
  region, operator, access, family, technology, flow_direction, observation_point, exporter, counted,
  count() AS records,
  sum(f.bytes) AS bytes,
  sum(f.packets) AS packets,
  sum(f.bytes * greatest(f.sampling_rate, 1)) AS bytes_scaled,
  sum(f.packets * greatest(f.sampling_rate, 1)) AS packets_scaled,
  sumIf(f.bytes, f.sampling_rate = 0) AS bytes_unknown_sampling,
  sum(f.responder_bytes) AS responder_bytes
FROM flows AS f
GROUP BY bucket_at, region, operator, access, family, technology, flow_direction, observation_point, exporter, counted
