-- Every export stream as last told.
SELECT
  exporter, version, observation_domain, source_port, first_seen_at, last_seen_at, templates, options_templates,
  sampling, sampling_source, clock_offset_ms, clock_off, interfaces, name
FROM {database}.exporters FINAL
