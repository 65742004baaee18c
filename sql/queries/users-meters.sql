-- Unique subscribers by what they were assigned and on which family they were active, with the unions from
-- which follows who has one and lacks the other: those of A and not B are |A or B| - |B|, those of both are
-- |A| + |B| - |A or B|. Levels and periods as in users-active.sql.
--
-- Reads two rollups of the same period ({active_table}: users_1d or users_1mo, {assigned_table}:
-- assigned_1d or assigned_1mo), only the kinds that are asked for; figures that are not are 0, as merging
-- states is what costs.
SELECT
  arrayJoin(arrayFilter(
    it -> has({levels:Array(String)}, it) AND (it = 'table'
      OR (empty({region:Array(String)}) OR region IN {region:Array(String)})
        AND (empty({operator:Array(String)}) OR operator IN {operator:Array(String)})
        AND (empty({access:Array(String)}) OR access IN {access:Array(String)})),
    ['table', 'row', 'total'])) AS level,
  if(level = 'table' AND {table_region:Bool} OR level = 'row' AND {by_region:Bool}, region, '') AS region_group,
  if(level = 'table' AND {table_operator:Bool} OR level = 'row' AND {by_operator:Bool}, operator, '') AS operator_group,
  if(level = 'table' AND {table_access:Bool} OR level = 'row' AND {by_access:Bool}, access, '') AS access_group,
  toFloat64(uniqCombined64MergeIf(17)(subscriber_state, kind = 'v6' AND has({figures:Array(String)}, 'assigned_v6'))) AS assigned_v6,
  toFloat64(uniqCombined64MergeIf(17)(subscriber_state, kind IN ('v4_public', 'v4_private') AND has({figures:Array(String)}, 'assigned_v4'))) AS assigned_v4,
  toFloat64(uniqCombined64MergeIf(17)(subscriber_state, kind IN ('v6', 'v4_public') AND has({figures:Array(String)}, 'assigned_v6_or_public'))) AS assigned_v6_or_public,
  toFloat64(uniqCombined64MergeIf(17)(subscriber_state, kind IN ('v6', 'v4_public', 'v4_private') AND has({figures:Array(String)}, 'assigned'))) AS assigned,
  toFloat64(uniqCombined64MergeIf(17)(subscriber_state, kind = 'delegated' AND has({figures:Array(String)}, 'delegated'))) AS delegated,
  toFloat64(uniqCombined64MergeIf(17)(subscriber_state, kind = 'active_v4' AND has({figures:Array(String)}, 'active_v4'))) AS active_v4,
  toFloat64(uniqCombined64MergeIf(17)(subscriber_state, kind = 'active_v6' AND has({figures:Array(String)}, 'active_v6'))) AS active_v6,
  toFloat64(uniqCombined64MergeIf(17)(subscriber_state, kind IN ('active_v4', 'active_v6') AND has({figures:Array(String)}, 'active'))) AS active,
  toFloat64(uniqCombined64MergeIf(17)(subscriber_state, kind IN ('active_v6', 'delegated') AND has({figures:Array(String)}, 'active_v6_or_delegated'))) AS active_v6_or_delegated,
  toFloat64(uniqCombined64MergeIf(17)(started_state, kind = 'v4_private' AND has({figures:Array(String)}, 'started_private'))) AS started_private,
  toFloat64(uniqCombined64MergeIf(17)(started_state, kind IN ('v4_public', 'v4_private') AND has({figures:Array(String)}, 'started_v4'))) AS started_v4,
  toFloat64(uniqCombined64Merge(14)(prefix_state)) AS active_prefixes,
  toFloat64(uniqCombined64Merge(14)(session_prefix_state)) AS session_prefixes
FROM
(
  SELECT
    region, operator, access,
    toString(kind) AS kind,
    uniqCombined64MergeState(17)(a.subscribers) AS subscriber_state,
    uniqCombined64MergeStateIf(17)(a.started_sessions, has({figures:Array(String)}, 'started_v4')) AS started_state,
    uniqCombined64StateIf(14)(toUInt64(0), false) AS prefix_state,
    uniqCombined64StateIf(14)(toUInt64(0), false) AS session_prefix_state
  FROM {assigned_table:Identifier} AS a
  WHERE starts_on >= {from_day:Date} AND starts_on < {to_day:Date}
    AND kind IN {kinds:Array(String)} AND access IN {accesses:Array(String)}
  GROUP BY region, operator, access, kind
  UNION ALL
  SELECT
    region, operator, access,
    if(active_family = 6, 'active_v6', 'active_v4') AS kind,
    uniqCombined64MergeState(17)(u.subscribers) AS subscriber_state,
    uniqCombined64MergeStateIf(17)(u.subscribers, false) AS started_state,
    uniqCombined64MergeStateIf(14)(u.prefixes, active_family = 6) AS prefix_state,
    uniqCombined64MergeStateIf(14)(u.session_prefixes, active_family = 6) AS session_prefix_state
  FROM {active_table:Identifier} AS u
  WHERE starts_on >= {from_day:Date} AND starts_on < {to_day:Date}
    AND if(active_family = 6, 'active_v6', 'active_v4') IN {kinds:Array(String)}
    AND access IN {accesses:Array(String)}
  GROUP BY region, operator, access, kind
)
GROUP BY level, region_group, operator_group, access_group
ORDER BY level, region_group, operator_group, access_group
