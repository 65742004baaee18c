-- Which family the panel's subscribers prefer that were active on both in the period: the IPv6 part of what
-- they sent, and how many of them sent more over IPv4. Levels as in users-active.sql.
SELECT
  level, region_group, operator_group, access_group,
  countIf(v6_bytes > 0 AND v4_bytes > 0) AS dual_users,
  countIf(v6_bytes > 0 AND v4_bytes > v6_bytes) AS users_preferring_v4,
  toString(sumIf(toUInt128(v6_bytes), v6_bytes > 0 AND v4_bytes > 0)) AS dual_v6_bytes,
  toString(sumIf(toUInt128(v4_bytes), v6_bytes > 0 AND v4_bytes > 0)) AS dual_v4_bytes
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
    sumIf(p.bytes_scaled, active_family = 6) AS v6_bytes,
    sumIf(p.bytes_scaled, active_family = 4) AS v4_bytes
  FROM panel_1d AS p
  WHERE starts_on >= {from_day:Date} AND starts_on < {to_day:Date} AND access IN {accesses:Array(String)}
  GROUP BY level, region_group, operator_group, access_group, subscriber
)
GROUP BY level, region_group, operator_group, access_group
ORDER BY level, region_group, operator_group, access_group
