-- What each exporter sent in the last 24 hours, and the part of it whose sampling rate is not known.
SELECT
  toString(exporter) AS exporter_text,
  toString(sum(f.bytes)) AS bytes_as_exported,
  toString(sum(f.bytes_unknown_sampling)) AS unknown_sampling_bytes
FROM flows_5m AS f
WHERE bucket_at >= now() - INTERVAL 1 DAY
  AND (empty({exporter:Array(String)}) OR has(arrayMap(address -> toIPv6(address), {exporter:Array(String)}), exporter))
GROUP BY exporter
