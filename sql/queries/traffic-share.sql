-- Traffic by class, its IPv6 share and its completeness, by any of the dimensions and by interval.
--
-- Reads one rollup ({table}: flows_5m, flows_1h or flows_1d, whose buckets must fit the period and the
-- interval). One row a group, and one row with is_total = 1 over the same rows: a share is a sum over
-- a sum, never a mean of shares. Days and months are cut in Asia/Shanghai. Sums are 128 bits wide: a
-- year of a province is more than 2^64 scaled bytes.
--
-- completeness is the mean of the exporters' completeness weighted by their bytes: of a row over
-- the books of its bucket, of the total over the books of the period; NULL where no exporter has any.
WITH
  (moment -> multiIf(
    {interval:String} = '5m', toStartOfFiveMinutes(moment),
    {interval:String} = '1h', toStartOfHour(toDateTime(moment, 'Asia/Shanghai')),
    {interval:String} = '1d', toStartOfDay(toDateTime(moment, 'Asia/Shanghai')),
    {interval:String} = '1mo', toDateTime(toStartOfMonth(toDateTime(moment, 'Asia/Shanghai')), 'Asia/Shanghai'),
    toDateTime(0, 'Asia/Shanghai'))) AS bucket_of,
  ((expected, lost, sets, sets_dropped) -> if(expected <= 0, NULL,
    least(1, greatest(0, (expected - lost) / expected))
    * if(sets <= 0, 1, least(1, greatest(0, 1 - sets_dropped / sets))))) AS completeness_of,
  books AS
  (
    SELECT
      toUnixTimestamp(bucket_of(at)) AS bucket_s,
      exporter,
      sumIf(count, stage = 'receive' AND outcome = 'expected') AS expected,
      sumIf(count, stage = 'receive' AND outcome = 'lost') AS lost,
      sumIf(count, stage = 'decode' AND outcome = 'received') AS sets,
      sumIf(count, stage = 'decode' AND outcome = 'dropped') AS sets_dropped
    FROM ledger
    WHERE at >= toDateTime({from_s:Int64}, 'UTC') AND at < toDateTime({to_s:Int64}, 'UTC')
      AND stage IN ('receive', 'decode')
    GROUP BY bucket_s, exporter
  ),
  bucket_books AS
  (
    SELECT bucket_s, exporter, completeness_of(expected, lost, sets, sets_dropped) AS completeness
    FROM books
  ),
  period_books AS
  (
    SELECT exporter, completeness_of(sum(b.expected), sum(b.lost), sum(b.sets), sum(b.sets_dropped)) AS completeness
    FROM books AS b
    GROUP BY exporter
  ),
  traffic AS
  (
    SELECT
      toUnixTimestamp(bucket_of(bucket_at)) AS bucket_s,
      if({by_region:Bool}, region, '') AS region_group,
      if({by_operator:Bool}, operator, '') AS operator_group,
      if({by_access:Bool}, access, '') AS access_group,
      if({by_direction:Bool}, flow_direction, '') AS direction_group,
      if({by_technology:Bool}, technology, '') AS technology_group,
      if({by_observation_point:Bool}, observation_point, '') AS observation_point_group,
      exporter,
      multiIf(
        technology IN {v4_technologies:Array(String)}, 'v4',
        technology IN {v6_transition_technologies:Array(String)}, 'v6_transition',
        technology IN {native_technologies:Array(String)} AND family = 4, 'v4',
        technology IN {native_technologies:Array(String)} AND family = 6, 'v6_native',
        'excluded') AS class,
      sum(toUInt128(f.records)) AS records,
      sum(toUInt128(f.bytes_scaled)) AS bytes_scaled,
      sum(toUInt128(f.bytes_unknown_sampling)) AS bytes_unknown_sampling
    FROM {table:Identifier} AS f
    WHERE bucket_at >= toDateTime({from_s:Int64}, 'UTC') AND bucket_at < toDateTime({to_s:Int64}, 'UTC')
      AND counted >= {counted_least:UInt8}
      AND (empty({region:Array(String)}) OR region IN {region:Array(String)})
      AND (empty({operator:Array(String)}) OR operator IN {operator:Array(String)})
      AND (empty({access:Array(String)}) OR access IN {access:Array(String)})
      AND (empty({direction:Array(String)}) OR flow_direction IN {direction:Array(String)})
      AND (empty({technology:Array(String)}) OR technology IN {technology:Array(String)})
      AND (empty({observation_point:Array(String)}) OR observation_point IN {observation_point:Array(String)})
      AND (empty({exporter:Array(String)}) OR has(arrayMap(address -> toIPv6(address), {exporter:Array(String)}), exporter))
    GROUP BY
      bucket_s, region_group, operator_group, access_group, direction_group, technology_group,
      observation_point_group, exporter, class
  ),
  judged AS
  (
    SELECT
      t.bucket_s AS bucket_s,
      region_group, operator_group, access_group, direction_group, technology_group, observation_point_group,
      class, records, bytes_scaled, bytes_unknown_sampling,
      if({by_exporter:Bool}, toString(t.exporter), '') AS exporter_group,
      if(class = 'excluded', 0, toFloat64(bytes_scaled)) AS weight,
      b.completeness AS bucket_completeness,
      p.completeness AS period_completeness
    FROM traffic AS t
    LEFT JOIN bucket_books AS b ON b.bucket_s = t.bucket_s AND b.exporter = t.exporter
    LEFT JOIN period_books AS p ON p.exporter = t.exporter
  ),
  figures AS
  (
    SELECT
      toUInt8(grouping(bucket_s)) AS is_total,
      bucket_s, region_group, operator_group, access_group, direction_group, technology_group,
      observation_point_group, exporter_group,
      sumIf(bytes_scaled, class = 'v6_native') AS v6_native,
      sumIf(bytes_scaled, class = 'v6_transition') AS v6_transition,
      sumIf(bytes_scaled, class = 'v4') AS v4,
      sumIf(bytes_scaled, class = 'excluded') AS excluded,
      sumIf(bytes_unknown_sampling, class != 'excluded') AS unknown_sampling,
      sum(j.records) AS flow_records,
      if(is_total = 1,
        sum(weight * period_completeness) / nullIf(sumIf(weight, period_completeness IS NOT NULL), 0),
        sum(weight * bucket_completeness) / nullIf(sumIf(weight, bucket_completeness IS NOT NULL), 0)) AS mean_completeness
    FROM judged AS j
    GROUP BY GROUPING SETS (
      (bucket_s, region_group, operator_group, access_group, direction_group, technology_group,
       observation_point_group, exporter_group),
      ())
  )
SELECT
  is_total,
  bucket_s AS at_s,
  region_group AS region,
  operator_group AS operator,
  access_group AS access,
  direction_group AS direction,
  technology_group AS technology,
  observation_point_group AS observation_point,
  exporter_group AS exporter,
  toString(v6_native + v6_transition) AS v6_bytes,
  toString(v6_native) AS v6_native_bytes,
  toString(v6_transition) AS v6_transition_bytes,
  toString(v4) AS v4_bytes,
  toString(v6_native + v6_transition + v4) AS total_bytes,
  toString(excluded) AS excluded_bytes,
  toString(unknown_sampling) AS unknown_sampling_bytes,
  toString(flow_records) AS records,
  toFloat64(v6_native + v6_transition) / nullIf(toFloat64(v6_native + v6_transition + v4), 0) AS share,
  toFloat64(v6_native) / nullIf(toFloat64(v6_native + v6_transition + v4), 0) AS native_share,
  -- Sums of fractions can come out a last digit above their bound.
  if(mean_completeness > 1, 1, mean_completeness) AS completeness
FROM figures
ORDER BY
  is_total DESC, at_s, region, operator, access, direction, technology, observation_point,
  toIPv6OrDefault(exporter)
LIMIT {row_limit:UInt32}
