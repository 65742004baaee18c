-- Who was active, by day (or month, {active_table}) of Asia/Shanghai: states of subscribers told by a session, of
-- active prefixes, and of those of them that were seen with a session.
SELECT
  toDateTime(toDateTime(starts_on, 'Asia/Shanghai'), 'UTC') AS bucket_at,
  region, operator, access,
  toString(active_family) AS family,
  u.subscribers AS subscribers,
  u.prefixes AS prefixes,
  u.session_prefixes AS session_prefixes
FROM {active_table:Identifier} AS u
WHERE starts_on >= toDate(toDateTime({from_s:Int64}, 'Asia/Shanghai'))
  AND toDateTime(starts_on, 'Asia/Shanghai') >= toDateTime({from_s:Int64}, 'UTC')
  AND toDateTime(starts_on, 'Asia/Shanghai') < toDateTime({to_s:Int64}, 'UTC')
