-- How often the panel's subscribers were seen, by operator x access x region x family: how many of them by sampled
-- packets alone, by one of these, by two. From these Chao1 tells how many were active and not seen at all.
-- Of the access networks {thinned} one subscriber of so many ({one_in}, by {slices}) of the panel is looked at: it bounds
-- their interval, and needs no more. Slices as in users-active.sql.
SELECT
  slice_day, region, operator, access, family,
  count() AS panel_users,
  countIf(packets_not_sampled = 0) AS sampled_users,
  countIf(packets_seen = 1 AND packets_not_sampled = 0) AS seen_once,
  countIf(packets_seen = 2 AND packets_not_sampled = 0) AS seen_twice
FROM
(
  SELECT
    multiIf({slice:String} = 'day', toString(starts_on), {slice:String} = 'month', toString(toStartOfMonth(starts_on)), '') AS slice_day,
    region, operator, access,
    if({by_family:Bool}, active_family, 0) AS family,
    subscriber,
    sum(p.packets) AS packets_seen,
    sum(p.packets_unsampled) AS packets_not_sampled
  FROM panel_1d AS p
  WHERE starts_on >= {from_day:Date} AND starts_on < {to_day:Date}
    AND active_family IN {family:Array(UInt8)}
    AND access IN {accesses:Array(String)}
    AND (access NOT IN {thinned:Array(String)} OR intDiv(subscriber, 64) % transform(slice_day, {slices:Array(String)}, {one_in:Array(UInt64)}, toUInt64(1)) = 0)
  GROUP BY slice_day, region, operator, access, family, subscriber
)
GROUP BY slice_day, region, operator, access, family
ORDER BY slice_day, region, operator, access, family
