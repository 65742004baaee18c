-- What is known of every export stream (exporter, version, observation domain, source port), as last told.
SELECT
  toString(exporter) AS exporter_text,
  version,
  observation_domain,
  source_port,
  toString(toUnixTimestamp64Milli(first_seen_at)) AS first_seen_at_ms,
  toString(toUnixTimestamp64Milli(last_seen_at)) AS last_seen_at_ms,
  templates,
  options_templates,
  sampling,
  sampling_source,
  toString(clock_offset_ms) AS clock_offset_ms_text,
  clock_off,
  interfaces,
  name
FROM exporters FINAL
WHERE empty({exporter:Array(String)}) OR has(arrayMap(address -> toIPv6(address), {exporter:Array(String)}), exporter)
ORDER BY exporter, version, observation_domain, source_port
