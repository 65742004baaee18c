-- Rows are grouped by numbers and a hash of 64 bits of their words, in which two sets of words meet once in 10^19 pairs:
-- 30 bytes that the engine compares at once, where the words themselves were copied out for every row. As 0004 else.
ALTER TABLE flows_5m_view MODIFY QUERY
SELECT
  toDateTime(toStartOfFiveMinutes(received_at), 'UTC') AS bucket_at,
  any(f.region) AS region,
  any(f.operator) AS operator,
  any(f.access) AS access,
  family,
  any(f.technology) AS technology,
  any(f.flow_direction) AS flow_direction,
  any(f.observation_point) AS observation_point,
  exporter, counted,
  count() AS records,
  sum(f.bytes) AS bytes,
  sum(f.packets) AS packets,
  sum(f.bytes * greatest(f.sampling_rate, 1)) AS bytes_scaled,
  sum(f.packets * greatest(f.sampling_rate, 1)) AS packets_scaled,
  sumIf(f.bytes, f.sampling_rate = 0) AS bytes_unknown_sampling,
  sum(f.responder_bytes) AS responder_bytes
FROM flows AS f
GROUP BY
  bucket_at, exporter, counted, family,
  cityHash64(f.region) + 3 * cityHash64(f.operator) + 5 * cityHash64(f.access)
    + 7 * cityHash64(f.technology) + 9 * cityHash64(f.flow_direction) + 11 * cityHash64(f.observation_point)
