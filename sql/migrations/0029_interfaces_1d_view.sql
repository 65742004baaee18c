-- Books every insert into flows under its exporter and interfaces.
CREATE MATERIALIZED VIEW IF NOT EXISTS interfaces_1d_view TO interfaces_1d AS
SELECT
  toTimeZone(toStartOfDay(received_at, 'Asia/Shanghai'), 'UTC') AS bucket_at,
  exporter, in_if, out_if, operator, family, technology,
  count() AS records,
  sum(f.bytes * greatest(f.sampling_rate, 1)) AS bytes_scaled
FROM flows AS f
WHERE counted >= 1 AND family != 0
GROUP BY bucket_at, exporter, in_if, out_if, operator, family, technology
