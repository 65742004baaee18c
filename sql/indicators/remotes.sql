-- Traffic by day and far side; what a technology counts as comes from schemas/flow/vocabulary.ts.
SELECT
  bucket_at, remote, remote_as, remote_port, operator,
  multiIf(
    technology IN {v4_technologies:Array(String)}, 'v4',
    technology IN {v6_transition_technologies:Array(String)}, 'v6',
    technology IN {native_technologies:Array(String)} AND family = 4, 'v4',
    technology IN {native_technologies:Array(String)} AND family = 6, 'v6',
    'excluded') AS class,
  if(class = 'v6', r.bytes_scaled, 0) AS v6_bytes,
  if(class = 'v4', r.bytes_scaled, 0) AS v4_bytes
FROM remotes_1d AS r
WHERE bucket_at >= toDateTime({from_s:Int64}, 'UTC') AND bucket_at < toDateTime({to_s:Int64}, 'UTC')
