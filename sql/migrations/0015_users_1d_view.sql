-- Books the active subscribers of every insert into flows under the day it arrived on. A subscriber on a
-- router's own address alone (a pool of WAN links) has no prefix.
CREATE MATERIALIZED VIEW IF NOT EXISTS users_1d_view TO users_1d AS
SELECT
  toDate(received_at, 'Asia/Shanghai') AS starts_on,
  region, operator, access, active_family,
  uniqCombined64StateIf(17)(subscriber, subscriber_method = 'session') AS subscribers,
  uniqCombined64StateIf(14)(subscriber_prefix, subscriber_prefix != 0) AS prefixes,
  uniqCombined64StateIf(14)(subscriber_prefix, subscriber_prefix != 0 AND subscriber_method = 'session') AS session_prefixes
FROM flows
WHERE active_family != 0
GROUP BY starts_on, region, operator, access, active_family
