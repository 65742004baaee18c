-- The exporters whose interfaces carried something in a period of whole days of Asia/Shanghai, from interfaces_1d.
SELECT DISTINCT toString(exporter) AS exporter
FROM interfaces_1d
WHERE bucket_at >= toDateTime({from_s:Int64}, 'UTC') AND bucket_at < toDateTime({to_s:Int64}, 'UTC')
ORDER BY exporter
