-- Rows are grouped by a hash of 64 bits of their words, not by the words. As 0015 else.
ALTER TABLE users_1d_view MODIFY QUERY
SELECT
  toDate(received_at, 'Asia/Shanghai') AS starts_on,
  any(f.region) AS region,
  any(f.operator) AS operator,
  any(f.access) AS access,
  active_family,
  uniqCombined64StateIf(17)(subscriber, subscriber_method = 'session') AS subscribers,
  uniqCombined64StateIf(14)(subscriber_prefix, subscriber_prefix != 0) AS prefixes,
  uniqCombined64StateIf(14)(subscriber_prefix, subscriber_prefix != 0 AND subscriber_method = 'session') AS session_prefixes
FROM flows AS f
WHERE active_family != 0
GROUP BY starts_on, active_family, cityHash64(f.region) + 3 * cityHash64(f.operator) + 5 * cityHash64(f.access)
