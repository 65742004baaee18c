-- Traffic by bucket and every grouping of the rollups, each flow once ({counted_least}: 2, or 1 where types of
-- observation point are told apart). What a technology counts as comes from schemas/flow/vocabulary.ts.
SELECT
  bucket_at,
  region, operator, access,
  flow_direction AS direction,
  technology, observation_point, exporter,
  multiIf(
    technology IN {v4_technologies:Array(String)}, 'v4',
    technology IN {v6_transition_technologies:Array(String)}, 'v6_transition',
    technology IN {native_technologies:Array(String)} AND family = 4, 'v4',
    technology IN {native_technologies:Array(String)} AND family = 6, 'v6_native',
    'excluded') AS class,
  if(class = 'v4', f.bytes_scaled, 0) AS v4_bytes,
  if(class = 'v6_native', f.bytes_scaled, 0) AS v6_native_bytes,
  if(class = 'v6_transition', f.bytes_scaled, 0) AS v6_transition_bytes,
  v6_native_bytes + v6_transition_bytes AS v6_bytes,
  if(class = 'excluded', 0, f.bytes_scaled) AS total_bytes,
  if(class = 'excluded', f.bytes_scaled, 0) AS excluded_bytes,
  f.bytes_scaled AS all_bytes,
  f.bytes AS exported_bytes,
  f.bytes_unknown_sampling AS unknown_sampling_bytes,
  if(class IN ('v6_native', 'v6_transition'), f.packets_scaled, 0) AS v6_packets,
  if(class = 'excluded', 0, f.packets_scaled) AS total_packets,
  f.records AS records
FROM {table:Identifier} AS f
WHERE bucket_at >= toDateTime({from_s:Int64}, 'UTC') AND bucket_at < toDateTime({to_s:Int64}, 'UTC')
  AND counted >= {counted_least:UInt8}
