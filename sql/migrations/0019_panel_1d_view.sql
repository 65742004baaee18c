-- Books what the panel's subscribers sent in every insert into flows.
CREATE MATERIALIZED VIEW IF NOT EXISTS panel_1d_view TO panel_1d AS
SELECT
  toDate(received_at, 'Asia/Shanghai') AS starts_on,
  access, operator, region, active_family, subscriber,
  count() AS records,
  sum(f.packets) AS packets,
  sumIf(f.packets, f.sampling_rate < 2) AS packets_unsampled,
  sum(f.bytes * greatest(f.sampling_rate, 1)) AS bytes_scaled,
  groupUniqArrayIf(f.subscriber_prefix, f.subscriber_prefix != 0) AS prefixes
FROM flows AS f
WHERE active_family != 0 AND subscriber % 64 = 0 AND subscriber_method = 'session'
GROUP BY starts_on, access, operator, region, active_family, subscriber
