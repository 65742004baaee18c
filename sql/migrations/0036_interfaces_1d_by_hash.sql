-- Rows are grouped by numbers and a hash of 64 bits of their words, day and family: 32 bytes that the engine compares at
-- once. As 0029 else.
ALTER TABLE interfaces_1d_view MODIFY QUERY
SELECT
  any(toTimeZone(toStartOfDay(f.received_at, 'Asia/Shanghai'), 'UTC')) AS bucket_at,
  exporter, in_if, out_if,
  any(f.operator) AS operator,
  any(f.family) AS family,
  any(f.technology) AS technology,
  count() AS records,
  sum(f.bytes * greatest(f.sampling_rate, 1)) AS bytes_scaled
FROM
(
  SELECT received_at, exporter, in_if, out_if, operator, family, technology, bytes, sampling_rate
  FROM flows
  WHERE counted >= 1 AND family != 0
) AS f
GROUP BY
  exporter, in_if, out_if,
  cityHash64(f.operator) + 3 * cityHash64(f.technology)
    + 5 * intHash64(256 * toUInt64(toStartOfDay(f.received_at, 'Asia/Shanghai')) + f.family)
