-- Who carries traffic to whom: bytes of each class by operator of the subscriber and network at the far side.
--
-- Reads remotes_1d, a roll-up by day of Asia/Shanghai. The network is the registry's operator that {range_operators}
-- names for the range of addresses the far side lies in; each range goes from its number in {range_starts} to the next
-- (IPv6: the first 64 bits; IPv4: its 32 bits). Else it is the operator of its autonomous system ({asns},
-- {as_operators}), else `AS` and its number, else `unknown`. Beyond the {peers_max} greatest, networks are `other`. One row a pair, and one with is_total = 1 over all of them.
WITH
  far AS
  (
    SELECT
      operator,
      if(remote BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'),
        toUInt64(bitAnd(toUInt128(remote), 0xffffffff)),
        toUInt64(bitShiftRight(toUInt128(remote), 64))) AS number,
      transform(roundDown(number, {range_starts:Array(UInt64)}), {range_starts:Array(UInt64)}, {range_operators:Array(String)}, '') AS by_range,
      transform(remote_as, {asns:Array(UInt32)}, {as_operators:Array(String)}, '') AS by_as,
      multiIf(
        by_range != '', by_range,
        by_as != '', by_as,
        remote_as != 0, concat('AS', toString(remote_as)),
        'unknown') AS network,
      multiIf(
        technology IN {v4_technologies:Array(String)}, 'v4',
        technology IN {v6_transition_technologies:Array(String)}, 'v6',
        technology IN {native_technologies:Array(String)} AND family = 4, 'v4',
        technology IN {native_technologies:Array(String)} AND family = 6, 'v6',
        'excluded') AS class,
      bytes_scaled
    FROM remotes_1d
    WHERE bucket_at >= toDateTime({from_s:Int64}, 'UTC') AND bucket_at < toDateTime({to_s:Int64}, 'UTC')
      AND class != 'excluded'
      AND (empty({operator:Array(String)}) OR operator IN {operator:Array(String)})
  ),
  -- No step over finer groups: months have as many far sides as rows.
  pairs AS
  (
    SELECT
      operator, network,
      sumIf(toUInt128(bytes_scaled), class = 'v6') AS v6,
      sumIf(toUInt128(bytes_scaled), class = 'v4') AS v4
    FROM far
    GROUP BY operator, network
  ),
  ranked AS
  (
    SELECT operator, network, v6, v4, dense_rank() OVER (ORDER BY network_bytes DESC, network) AS place
    FROM (SELECT operator, network, v6, v4, sum(v6 + v4) OVER (PARTITION BY network) AS network_bytes FROM pairs)
  )
SELECT
  toUInt8(grouping(operator)) AS is_total,
  operator,
  if(place <= {peers_max:UInt32}, network, 'other') AS peer,
  toString(sum(r.v6) AS v6_sum) AS v6_bytes,
  toString(sum(r.v4) AS v4_sum) AS v4_bytes,
  toString(v6_sum + v4_sum) AS total_bytes,
  toFloat64(v6_sum) / nullIf(toFloat64(v6_sum + v4_sum), 0) AS share
FROM ranked AS r
GROUP BY GROUPING SETS ((operator, peer), ())
ORDER BY is_total DESC, v6_sum + v4_sum DESC, operator, peer
