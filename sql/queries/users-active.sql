-- What the ladder of estimates is computed from: active subscribers told by a session, active prefixes, and
-- those of them that were seen with a session, at up to five levels in one reading.
--
-- cell: operator x access x region x family of the whole province, whatever is asked for: the ratio of users
-- to prefixes is learned from the covered ones. joint: the same with the families together, for a total of
-- rows by family. table: by the dimensions asked for and filtered by, without
-- the filters: which small cells are suppressed is decided there, alike for every question. row and total:
-- by the dimensions asked for, of what the filters keep. States are merged, so a subscriber seen in several
-- cells counts once in each row and in the total.
--
-- Each day or month ({slice}: day, month; empty: all of them together) has levels of its own.
--
-- Reads one rollup ({active_table}: users_1d or users_1mo) over the periods that start in [from_day, to_day).
SELECT
  arrayJoin(arrayFilter(
    it -> has({levels:Array(String)}, it) AND (it IN ('cell', 'joint', 'table')
      OR (empty({region:Array(String)}) OR region IN {region:Array(String)})
        AND (empty({operator:Array(String)}) OR operator IN {operator:Array(String)})
        AND (empty({access:Array(String)}) OR access IN {access:Array(String)})),
    ['cell', 'joint', 'table', 'row', 'total'])) AS level,
  slice_day,
  if(level IN ('cell', 'joint') OR level = 'table' AND {table_region:Bool} OR level = 'row' AND {by_region:Bool}, region, '') AS region_group,
  if(level IN ('cell', 'joint') OR level = 'table' AND {table_operator:Bool} OR level = 'row' AND {by_operator:Bool}, operator, '') AS operator_group,
  if(level IN ('cell', 'joint') OR level = 'table' AND {table_access:Bool} OR level = 'row' AND {by_access:Bool}, access, '') AS access_group,
  if(level NOT IN ('joint', 'total') AND {by_family:Bool}, active_family, 0) AS family_group,
  toFloat64(uniqCombined64Merge(17)(subscriber_state)) AS session_users,
  toFloat64(uniqCombined64Merge(14)(prefix_state)) AS active_prefixes,
  toFloat64(uniqCombined64Merge(14)(session_prefix_state)) AS session_prefixes
FROM
(
  SELECT
    multiIf({slice:String} = 'day', toString(starts_on), {slice:String} = 'month', toString(toStartOfMonth(starts_on)), '') AS slice_day,
    region, operator, access, active_family,
    uniqCombined64MergeState(17)(u.subscribers) AS subscriber_state,
    uniqCombined64MergeState(14)(u.prefixes) AS prefix_state,
    uniqCombined64MergeState(14)(u.session_prefixes) AS session_prefix_state
  FROM {active_table:Identifier} AS u
  WHERE starts_on >= {from_day:Date} AND starts_on < {to_day:Date}
    AND active_family IN {family:Array(UInt8)}
    AND access IN {accesses:Array(String)}
  GROUP BY slice_day, region, operator, access, active_family
)
GROUP BY level, slice_day, region_group, operator_group, access_group, family_group
ORDER BY level, slice_day, region_group, operator_group, access_group, family_group
