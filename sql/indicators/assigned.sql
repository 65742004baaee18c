-- Who had which kind of address, by day (or month, {assigned_table}) of Asia/Shanghai: states of subscribers and of
-- sessions that began, by kind (any, v6, delegated, v4_public, v4_private).
SELECT
  toDateTime(toDateTime(starts_on, 'Asia/Shanghai'), 'UTC') AS bucket_at,
  region, operator, access, kind,
  a.subscribers AS subscribers,
  a.started_sessions AS started_sessions
FROM {assigned_table:Identifier} AS a
WHERE starts_on >= toDate(toDateTime({from_s:Int64}, 'Asia/Shanghai'))
  AND toDateTime(starts_on, 'Asia/Shanghai') >= toDateTime({from_s:Int64}, 'UTC')
  AND toDateTime(starts_on, 'Asia/Shanghai') < toDateTime({to_s:Int64}, 'UTC')
