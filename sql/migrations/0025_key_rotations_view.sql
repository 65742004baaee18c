-- Books the changes of key that an insert into sessions announces.
CREATE MATERIALIZED VIEW IF NOT EXISTS key_rotations_view TO key_rotations AS
SELECT
  toDateTime(s.rotates_at, 'UTC') AS rotates_at,
  count() AS events
FROM sessions AS s
WHERE subscriber_next != 0
GROUP BY rotates_at
