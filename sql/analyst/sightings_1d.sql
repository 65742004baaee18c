-- Traffic by day of Asia/Shanghai as each type of observation point saw it: a flow counts once for each type,
-- so that types must not be added up.
SELECT
  toDate(bucket_at, 'Asia/Shanghai') AS day,
  region, operator, access, family, technology, {class} AS class, flow_direction, observation_point, exporter,
  sum(t.records) AS records,
  sum(t.bytes_scaled) AS bytes_scaled,
  sum(t.bytes_unknown_sampling) AS bytes_unknown_sampling
FROM {database}.flows_1d AS t
WHERE counted >= 1
GROUP BY day, region, operator, access, family, technology, class, flow_direction, observation_point, exporter
