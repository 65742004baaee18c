-- The moments in (from_s, to_s) at which the key of the subscribers' hashes changed.
SELECT toUnixTimestamp(rotates_at) AS at_s
FROM key_rotations
WHERE rotates_at > toDateTime({from_s:Int64}, 'UTC') AND rotates_at < toDateTime({to_s:Int64}, 'UTC')
GROUP BY rotates_at
ORDER BY rotates_at
