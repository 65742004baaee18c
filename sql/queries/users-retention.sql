-- Of the panel's subscribers active in one month, how many were active in the next, and how steadily: the
-- days and prefixes of a subscriber in the next month. Levels as in users-active.sql.
SELECT
  level, region_group, operator_group, access_group,
  countIf(days_before > 0) AS users_before,
  countIf(days_now > 0) AS users_now,
  countIf(days_before > 0 AND days_now > 0) AS users_retained,
  avgIf(days_now, days_now > 0) AS days_active,
  avgIf(prefixes_now, days_now > 0) AS prefixes_a_user
FROM
(
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
    subscriber,
    uniqExactIf(starts_on, starts_on < {boundary_day:Date}) AS days_before,
    uniqExactIf(starts_on, starts_on >= {boundary_day:Date}) AS days_now,
    length(groupUniqArrayArrayIf(p.prefixes, starts_on >= {boundary_day:Date})) AS prefixes_now
  FROM panel_1d AS p
  WHERE starts_on >= {from_day:Date} AND starts_on < {to_day:Date}
    AND active_family IN {family:Array(UInt8)} AND access IN {accesses:Array(String)}
  GROUP BY level, region_group, operator_group, access_group, subscriber
)
GROUP BY level, region_group, operator_group, access_group
ORDER BY level, region_group, operator_group, access_group
